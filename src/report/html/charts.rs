//! Charts as inline SVG: sizes in the view box are pixels on a phone, so that labels stay readable there.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::super::escape::html;
use super::super::model::case::{PersonHour, Series};
use super::super::model::{DayAlerts, HourCell};
use super::super::words::{is_weekend, number, tick, whole};

/// Width of every chart.
const WIDTH: f64 = 360.0;
/// Where the plot begins: room for the labels of the axis.
const LEFT: f64 = 34.0;

/// The least round number, with a round half, that is not below the value.
fn nice(value: f64) -> f64 {
    if value <= 10.0 {
        return (value / 2.0).ceil().max(1.0) * 2.0;
    }
    let power = 10f64.powf(value.log10().floor());
    [1.0, 1.2, 1.6, 2.0, 3.0, 4.0, 6.0, 8.0, 10.0].iter().map(|step| step * power).find(|step| *step >= value - 1e-9).unwrap_or(value)
}

struct Plot {
    top: f64,
    height: f64,
    greatest: f64,
    columns: usize,
}

impl Plot {
    fn x(&self, at: usize) -> f64 {
        LEFT + at as f64 * self.step()
    }

    fn step(&self) -> f64 {
        (WIDTH - LEFT - 4.0) / self.columns.max(1) as f64
    }

    fn y(&self, value: f64) -> f64 {
        self.top + self.height - value.clamp(0.0, self.greatest) / self.greatest * self.height
    }

    fn bottom(&self) -> f64 {
        self.top + self.height
    }

    /// A bar as part of a path.
    fn bar(&self, at: usize, from: f64, to: f64) -> String {
        let (x, width) = (self.x(at), (self.step() - 1.2).max(1.0));
        let (low, high) = (self.y(from), self.y(to));
        format!("M{x:.1} {low:.1}v{:.1}h{width:.1}v{:.1}z", high - low, low - high)
    }

    fn frame(&self, out: &mut String) {
        for value in [self.greatest, self.greatest / 2.0] {
            let y = self.y(value);
            let _ = write!(out, "<path class=\"axis\" d=\"M{LEFT} {y:.1}H{WIDTH}\"/>");
            let _ = write!(out, "<text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>", LEFT - 6.0, y + 4.0, number(value));
        }
        let _ = write!(out, "<text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">0</text>", LEFT - 6.0, self.bottom() + 4.0);
    }

    fn baseline(&self, out: &mut String) {
        let y = self.bottom();
        let _ = write!(out, "<path class=\"zero\" d=\"M{LEFT} {y:.1}H{WIDTH}\"/>");
    }

    fn label(&self, out: &mut String, at: usize, text: &str, class: &str) {
        let x = self.x(at) + self.step() / 2.0;
        let anchor = if x > WIDTH - 24.0 {
            ("end", WIDTH)
        } else if x < LEFT + 16.0 {
            ("start", LEFT)
        } else {
            ("middle", x)
        };
        let class = if class.is_empty() { String::new() } else { format!(" class=\"{class}\"") };
        let _ = write!(
            out,
            "<text{class} x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"{}\">{}</text>",
            anchor.1,
            self.bottom() + 15.0,
            anchor.0,
            html(text)
        );
    }
}

fn open(out: &mut String, height: f64, label: &str) {
    let _ = write!(out, "<svg class=\"chart\" role=\"img\" aria-label=\"{}\" viewBox=\"0 0 {WIDTH} {height}\">", html(label));
}

/// The days behind an alert: bars, what is usual as a band, the alert's day in the accent.
pub fn baseline(series: &Series) -> String {
    let alert = usize::try_from(series.alert_day - series.first_day).unwrap_or_default();
    let greatest = series.values.iter().copied().fold(series.band.map_or(0.0, |(expected, spread)| expected + spread), f64::max);
    let plot = Plot { top: 18.0, height: 96.0, greatest: nice(greatest), columns: series.values.len() };
    let value = series.values.get(alert).copied().unwrap_or_default();
    let usual = series.band.map_or_else(String::new, |(expected, spread)| {
        if spread > 0.0 { format!("usual {} \u{b1} {}", number(expected), number(spread)) } else { format!("usual {}", number(expected)) }
    });
    let label =
        format!("{}: {} on {}{}{usual}", series.measure, number(value), tick(series.alert_day), if usual.is_empty() { "" } else { ", " });
    let mut out = String::from("<figure>");
    open(&mut out, 132.0, &label);
    if let Some((expected, spread)) = series.band {
        let (high, low) = (plot.y(expected + spread), plot.y(expected - spread));
        let _ = write!(
            out,
            "<rect class=\"band\" x=\"{LEFT}\" y=\"{high:.1}\" width=\"{}\" height=\"{:.1}\"/>",
            WIDTH - LEFT,
            (low - high).max(1.0)
        );
    }
    plot.frame(&mut out);
    let bars: String = (0..series.values.len())
        .filter(|at| *at != alert && series.values[*at] > 0.0)
        .map(|at| plot.bar(at, 0.0, series.values[at]))
        .collect();
    let _ = write!(out, "<path class=\"bars\" d=\"{bars}\"/>");
    if value > 0.0 {
        let _ = write!(out, "<path class=\"hot\" d=\"{}\"/>", plot.bar(alert, 0.0, value));
        let x = (plot.x(alert) + plot.step() / 2.0).min(WIDTH - 10.0);
        let _ = write!(
            out,
            "<text class=\"hot\" x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
            plot.y(value) - 4.0,
            number(value)
        );
    }
    if let Some((expected, _)) = series.band {
        let y = plot.y(expected);
        let _ = write!(out, "<path class=\"usual\" d=\"M{LEFT} {y:.1}H{WIDTH}\"/>");
    }
    for day in &series.unknown_days {
        let at = usize::try_from(day - series.first_day).unwrap_or_default();
        let x = plot.x(at) + plot.step() / 2.0;
        let _ = write!(out, "<text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">\u{d7}</text>", plot.bottom() - 2.0);
    }
    plot.baseline(&mut out);
    plot.label(&mut out, 0, &tick(series.first_day), "");
    if alert > 14 {
        plot.label(&mut out, alert / 2, &tick(series.first_day + (alert / 2) as i64), "");
    }
    plot.label(&mut out, alert, &tick(series.alert_day), "hot");
    out.push_str("</svg><figcaption>");
    let mut caption = format!("Chart: {}.", series.measure);
    if !usual.is_empty() {
        let _ = write!(caption, " Shaded: {usual}.");
    }
    if !series.unknown_days.is_empty() {
        caption.push_str(" \u{d7}: not known.");
    }
    let _ = write!(out, "{}</figcaption></figure>", html(&caption));
    out
}

/// Alerts a day: those of severity high in the accent.
pub fn days(days: &[DayAlerts], first: i64, last: i64) -> String {
    let by_day: BTreeMap<i64, &DayAlerts> = days.iter().map(|day| (day.day, day)).collect();
    let greatest = days.iter().map(|day| day.high + day.other).max().unwrap_or_default();
    let columns = usize::try_from(last - first + 1).unwrap_or_default();
    let plot = Plot { top: 8.0, height: 106.0, greatest: nice(greatest as f64), columns };
    let total: u64 = days.iter().map(|day| day.high + day.other).sum();
    let mut out = String::from("<figure>");
    open(&mut out, 134.0, &format!("{} alerts from {} to {}", whole(total as i64), tick(first), tick(last)));
    plot.frame(&mut out);
    let (mut high, mut other) = (String::new(), String::new());
    for at in 0..columns {
        if let Some(day) = by_day.get(&(first + at as i64)) {
            let top = day.high as f64;
            high += &plot.bar(at, 0.0, top);
            other += &plot.bar(at, top, top + day.other as f64);
        }
    }
    let _ = write!(out, "<path class=\"bars\" d=\"{other}\"/><path class=\"hot\" d=\"{high}\"/>");
    plot.baseline(&mut out);
    for at in [0, columns / 2, columns.saturating_sub(1)] {
        plot.label(&mut out, at, &tick(first + at as i64), "");
    }
    out.push_str("</svg><figcaption>Alerts a day; those of severity high in colour.</figcaption></figure>");
    out
}

/// A line of four weeks in a table's cell, with its last value as a dot.
pub fn spark(points: &[(i64, f64)], first: i64, last: i64, label: &str) -> String {
    let by_day: BTreeMap<i64, f64> = points.iter().copied().collect();
    let greatest = points.iter().map(|(_, value)| *value).fold(1.0, f64::max);
    let (width, height) = (104.0, 24.0);
    let step = width / (last - first).max(1) as f64;
    let place = |day: i64| {
        let value = by_day.get(&day).copied().unwrap_or_default();
        ((day - first) as f64 * step + 2.0, height - 2.0 - value / greatest * (height - 6.0))
    };
    let mut line = String::new();
    for day in first..=last {
        let (x, y) = place(day);
        let _ = write!(line, "{}{x:.1} {y:.1}", if day == first { 'M' } else { 'L' });
    }
    let (x, y) = place(last);
    format!(
        "<svg role=\"img\" aria-label=\"{}\" width=\"108\" height=\"24\" viewBox=\"0 0 108 24\"><path class=\"area\" d=\"{line}L{x:.1} 22L2 22z\"/>\
         <path class=\"line\" d=\"{line}\"/><circle class=\"hot\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"2.4\"/></svg>",
        html(label)
    )
}

/// Events a day in a table's cell; days that were not seen whole in the accent.
pub fn day_bars(days: &[i64], values: &[u64], silent: &[i64], first: i64, last: i64, label: &str) -> String {
    let greatest = values.iter().copied().max().unwrap_or_default().max(1) as f64;
    let by_day: BTreeMap<i64, f64> = days.iter().copied().zip(values.iter().map(|value| *value as f64)).collect();
    let step = 104.0 / (last - first + 1).max(1) as f64;
    let (mut bars, mut hot) = (String::new(), String::new());
    for day in first..=last {
        let x = 2.0 + (day - first) as f64 * step;
        let height = (by_day.get(&day).copied().unwrap_or_default() / greatest * 20.0).max(0.6);
        if silent.contains(&day) {
            let _ = write!(hot, "M{x:.1} 22v-22h{:.1}v22z", (step - 0.8).max(1.0));
        } else {
            let _ = write!(bars, "M{x:.1} 22v-{height:.1}h{:.1}v{height:.1}z", (step - 0.8).max(1.0));
        }
    }
    format!(
        "<svg role=\"img\" aria-label=\"{}\" width=\"108\" height=\"24\" viewBox=\"0 0 108 24\"><path class=\"bars\" d=\"{bars}\"/>\
         <path class=\"hot\" d=\"{hot}\"/></svg>",
        html(label)
    )
}

const WEEKDAYS: [(i64, &str); 7] = [(1, "Mon"), (2, "Tue"), (3, "Wed"), (4, "Thu"), (5, "Fri"), (6, "Sat"), (0, "Sun")];

fn hour_labels(out: &mut String, left: f64, cell: f64, y: f64) {
    for hour in [0, 6, 12, 18, 23] {
        let x = left + (f64::from(hour) + 0.5) * cell;
        let _ = write!(out, "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"middle\">{hour:02}</text>");
    }
}

/// How strong a colour of five steps is: a root, so that quiet hours can be told from empty ones.
fn strength(value: u64, greatest: u64) -> f64 {
    let share = (value as f64 / greatest.max(1) as f64).sqrt();
    ((share * 5.0).ceil() / 5.0).clamp(0.2, 1.0)
}

/// When people are active: a row a weekday, a column an hour. Hours of a few people are drawn empty.
pub fn hours(cells: &[HourCell]) -> String {
    let greatest = cells.iter().filter_map(|cell| cell.events).max().unwrap_or_default();
    let (cell, row) = ((WIDTH - LEFT - 2.0) / 24.0, 15.0);
    let mut out = String::from("<figure>");
    let busiest = cells.iter().max_by_key(|cell| cell.events);
    let day = busiest.and_then(|cell| WEEKDAYS.iter().find(|(day, _)| *day == cell.weekday)).map_or("", |(_, name)| name);
    let label = format!("Acts by weekday and hour; the busiest is {day} at {:02}:00", busiest.map_or(0, |cell| cell.hour));
    open(&mut out, 132.0, &label);
    for (at, (weekday, name)) in WEEKDAYS.iter().enumerate() {
        let y = 4.0 + at as f64 * row;
        let _ = write!(out, "<text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{name}</text>", LEFT - 6.0, y + 11.0);
        for hour in 0..24 {
            let x = LEFT + f64::from(hour) * cell;
            let found = cells.iter().find(|cell| cell.weekday == *weekday && cell.hour == i64::from(hour));
            match found.map(|cell| cell.events) {
                Some(Some(events)) => {
                    let _ = write!(
                        out,
                        "<rect class=\"heat\" x=\"{x:.1}\" y=\"{y}\" width=\"{:.1}\" height=\"{}\" rx=\"2\" fill-opacity=\"{:.1}\"/>",
                        cell - 1.5,
                        row - 1.5,
                        strength(events, greatest)
                    );
                }
                Some(None) => {
                    let _ = write!(
                        out,
                        "<rect class=\"few\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" rx=\"2\"/>",
                        x + 0.5,
                        y + 0.5,
                        cell - 2.5,
                        row - 2.5
                    );
                }
                None => {}
            }
        }
    }
    hour_labels(&mut out, LEFT, cell, 4.0 + 7.0 * row + 11.0);
    out.push_str(
        "</svg><figcaption>Reading and writing by weekday and hour of people\u{2019}s own days: the stronger the colour, the more. \
         Outlined: fewer than five people.</figcaption></figure>",
    );
    out
}

/// When a person read in the fortnight up to an alert: a row a day, the alert's in the accent.
pub fn person_hours(hours: &[PersonHour], alert_day: i64) -> String {
    // Days are wider than weekdays.
    let left = LEFT + 12.0;
    let (cell, row) = ((WIDTH - left - 2.0) / 24.0, 9.0);
    let greatest = hours.iter().map(|hour| hour.readings).max().unwrap_or_default();
    let first = alert_day - 13;
    let last = hours.iter().map(|hour| hour.day).max().unwrap_or(alert_day).clamp(alert_day, alert_day + 2);
    let rows = usize::try_from(last - first + 1).unwrap_or_default();
    let mut out = String::from("<figure>");
    open(&mut out, 20.0 + rows as f64 * row, &format!("What this person read by hour, {} to {}", tick(first), tick(last)));
    for at in 0..rows {
        let (day, y) = (first + at as i64, 2.0 + at as f64 * row);
        if day == alert_day || (at % 4 == 1 && (day - alert_day).abs() > 1) {
            let class = if day == alert_day { " class=\"hot\"" } else { "" };
            let _ = write!(out, "<text{class} x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>", left - 6.0, y + 8.0, tick(day));
        }
        if is_weekend(day) {
            let _ = write!(out, "<rect class=\"off\" x=\"{left}\" y=\"{y}\" width=\"{:.1}\" height=\"{}\"/>", 24.0 * cell, row - 1.0);
        }
        for hour in hours.iter().filter(|hour| hour.day == day && (0..24).contains(&hour.hour)) {
            let class = if day == alert_day { "hot" } else { "bars" };
            let _ = write!(
                out,
                "<rect class=\"{class}\" x=\"{:.1}\" y=\"{y}\" width=\"{:.1}\" height=\"{}\" rx=\"1.5\" fill-opacity=\"{:.1}\"/>",
                left + hour.hour as f64 * cell,
                cell - 1.5,
                row - 1.5,
                strength(hour.readings, greatest).max(0.4)
            );
        }
    }
    hour_labels(&mut out, left, cell, rows as f64 * row + 15.0);
    out.push_str(
        "</svg><figcaption>Downloads, openings and searches by hour of the person\u{2019}s own day; weekends shaded.</figcaption></figure>",
    );
    out
}

/// A share of the greatest as a bar in a table's cell.
pub fn share(value: usize, greatest: usize, hot: bool) -> String {
    let width = value as f64 / greatest.max(1) as f64 * 104.0;
    let class = if hot { "hot" } else { "bars" };
    format!(
        "<svg aria-hidden=\"true\" width=\"108\" height=\"14\" viewBox=\"0 0 108 14\"><rect class=\"{class}\" x=\"0\" y=\"2\" width=\"{width:.1}\" height=\"10\" rx=\"2\"/></svg>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_ends_at_a_round_number() {
        for (value, end) in [(0.0, 2.0), (3.0, 4.0), (5.0, 6.0), (11.0, 12.0), (135.0, 160.0), (250.0, 300.0), (9_999.0, 10_000.0)] {
            assert!((nice(value) - end).abs() < 1e-9, "{value}: {}", nice(value));
        }
    }

    #[test]
    fn a_chart_names_its_numbers_in_words() {
        let series = Series {
            measure: "files <b>".into(),
            first_day: 20_519,
            alert_day: 20_553,
            values: (0..35).map(|at| if at == 34 { 135.0 } else { 4.0 }).collect(),
            unknown_days: vec![],
            band: Some((4.36, 2.0)),
        };
        let svg = baseline(&series);
        assert!(svg.contains("aria-label=\"files &lt;b&gt;: 135 on 10 Apr, usual 4.4 \u{b1} 2\""), "{svg}");
        assert!(!svg.contains("<b>") && !svg.contains("NaN"), "{svg}");
        assert!(!days(&[], 1, 28).contains("NaN") && !spark(&[], 1, 28, "x").contains("NaN") && !hours(&[]).contains("NaN"));
    }
}
