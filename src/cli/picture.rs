//! Pictures made of characters: a count a day beside what was to be expected, and rows of small bars.

use std::collections::BTreeSet;

use crate::interval::date_text;
use crate::report::model::case::Series;

/// Rows of a chart.
const ROWS: usize = 8;

/// Bars from an eighth of a row to a whole one.
const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// A bar a day, the alert's day marked below; a dashed line where the day was expected, `?` below days of which nothing is known.
pub fn chart(series: &Series) -> String {
    let most = series.values.iter().copied().fold(series.band.map_or(0.0, |(expected, _)| expected), f64::max);
    if most <= 0.0 {
        return String::new();
    }
    let eighths = |value: f64| -> usize {
        let parts = value / most * (ROWS * 8) as f64;
        // What happened shows, however little it is.
        if value > 0.0 { (parts.round() as usize).max(1) } else { 0 }
    };
    let expected_row = series.band.map(|(expected, _)| eighths(expected).div_ceil(8).max(1));
    let unknown: BTreeSet<i64> = series.unknown_days.iter().copied().collect();
    let labels = [number(most), series.band.map_or_else(String::new, |(expected, _)| number(expected))];
    let width = labels.iter().map(String::len).max().unwrap_or_default();
    let mut text = format!("{}\n", series.measure);
    for row in (1..=ROWS).rev() {
        let label = match row {
            ROWS => labels[0].as_str(),
            row if Some(row) == expected_row => labels[1].as_str(),
            _ => "",
        };
        text.push_str(&format!("{label:>width$} │"));
        for value in &series.values {
            let height = eighths(*value);
            let filled = height.saturating_sub((row - 1) * 8).min(8);
            text.push(match filled {
                0 if Some(row) == expected_row => '╌',
                0 => ' ',
                part => BARS[part - 1],
            });
        }
        if Some(row) == expected_row {
            text.push_str(" expected");
        }
        text.push('\n');
    }
    let days = || (series.first_day..).take(series.values.len());
    let axis: String = days().map(|day| if unknown.contains(&day) { '?' } else { '─' }).collect();
    let at = usize::try_from(series.alert_day - series.first_day).unwrap_or_default();
    text.push_str(&format!("{:width$} └{axis}\n", ""));
    text.push_str(&format!("{:width$}  {:at$}▲ {}\n", "", "", day(series.alert_day)));
    if !unknown.is_empty() {
        text.push_str(&format!("{:width$}  ? nothing is known of that day\n", ""));
    }
    text
}

/// A character a value.
pub fn sparkline(values: &[f64]) -> String {
    let most = values.iter().copied().fold(0.0, f64::max);
    let bar = |value: &f64| {
        if *value <= 0.0 {
            return '·';
        }
        BARS[((value / most * 8.0).ceil() as usize).clamp(1, 8) - 1]
    };
    values.iter().map(bar).collect()
}

/// A day as people write it.
pub fn day(day: i64) -> String {
    i32::try_from(day).map_or_else(|_| String::new(), date_text)
}

fn number(value: f64) -> String {
    if value >= 10.0 || value.fract() == 0.0 { format!("{value:.0}") } else { format!("{value:.1}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_above_all_others_stands_out() {
        let series = Series {
            measure: "files taken a day".into(),
            first_day: 0,
            alert_day: 3,
            values: vec![1.0, 0.0, 2.0, 16.0],
            unknown_days: vec![1],
            band: Some((2.0, 1.0)),
        };
        let text = chart(&series);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 1 + ROWS + 3);
        assert_eq!((lines[1], lines[8]), ("16 │   █", " 2 │▄╌██ expected"));
        assert_eq!((lines[9], lines[10]), ("   └─?──", "       ▲ 1970-01-04"));
        assert_eq!(chart(&Series::default()), "");
    }

    #[test]
    fn nothing_is_a_dot_and_the_most_a_whole_bar() {
        assert_eq!(sparkline(&[0.0, 1.0, 8.0, 4.0]), "·▁█▄");
        assert_eq!(sparkline(&[0.0]), "·");
    }
}
