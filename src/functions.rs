//! SQL functions that know our formats: `parse_time` and `local_time`; and the list of all there are (`listed`).

pub mod listed;

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringArray, StringBuilder, TimestampMicrosecondArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, TimeUnit, TimestampMicrosecondType};
use chrono::{Offset, TimeZone};
use chrono_tz::Tz;
use datafusion::common::Result as DfResult;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};
use datafusion::prelude::SessionContext;

use crate::event::SECOND;
use crate::lake::columns::time_type;
use crate::sources::time;

/// Each by name: how it is called, and what it gives.
pub const ABOUT: [(&str, &str, &str); 3] = [
    (
        "parse_time",
        "parse_time(text)",
        "A time as vendors write it: RFC 3339, seconds or milliseconds since 1970, and others. NULL for what is none.",
    ),
    ("local_time", "local_time(time, zone)", "The clock of a time zone at a time; UTC where there is no such zone."),
    ("pseudonym", "pseudonym(account)", "The person_id of an account that no row of people explains."),
];

/// Registers them.
pub fn register(context: &SessionContext) {
    context.register_udf(ScalarUDF::from(ParseTime::new()));
    context.register_udf(ScalarUDF::from(LocalTime::new()));
}

/// Registers `pseudonym` under a key.
pub fn register_pseudonym(context: &SessionContext, make: Arc<dyn Fn(&str) -> String + Send + Sync>, key_id: String) {
    context.register_udf(ScalarUDF::from(Pseudonym {
        name: "pseudonym",
        aliases: Vec::new(),
        signature: signature(),
        key_id,
        make: Make(make),
    }));
}

/// The name of the function that [`register_pseudonym_once`] registers.
pub const PSEUDONYM_ONCE: &str = "pseudonym_once";

/// Registers `pseudonym_once`, which leaves pseudonyms as they are; `also` makes `pseudonym` mean the same. Workers find functions by their
/// names, and there both are.
pub fn register_pseudonym_once(context: &SessionContext, make: Arc<dyn Fn(&str) -> String + Send + Sync>, key_id: String, also: bool) {
    let aliases = if also { vec!["pseudonym".to_owned()] } else { Vec::new() };
    context.register_udf(ScalarUDF::from(Pseudonym { name: PSEUDONYM_ONCE, aliases, signature: signature(), key_id, make: Make(make) }));
}

fn signature() -> Signature {
    Signature::any(1, Volatility::Immutable)
}

/// How a pseudonym is made. Two with the same key id are the same.
#[derive(Clone)]
struct Make(Arc<dyn Fn(&str) -> String + Send + Sync>);

impl std::fmt::Debug for Make {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Make")
    }
}

/// `pseudonym(text)`: the `person_id` of an account that no row of `people` explains.
#[derive(Debug)]
struct Pseudonym {
    name: &'static str,
    aliases: Vec<String>,
    signature: Signature,
    key_id: String,
    make: Make,
}

impl PartialEq for Pseudonym {
    fn eq(&self, other: &Self) -> bool {
        self.key_id == other.key_id && self.name == other.name
    }
}

impl Eq for Pseudonym {}

impl std::hash::Hash for Pseudonym {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.key_id.hash(state);
    }
}

impl ScalarUDFImpl for Pseudonym {
    fn name(&self) -> &str {
        self.name
    }

    fn aliases(&self) -> &[String] {
        &self.aliases
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> DfResult<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> DfResult<ColumnarValue> {
        let texts = text_array(&args.args[0], args.number_rows)?;
        // Rows come in runs of one account: the last answer is remembered.
        let mut last: Option<(&str, String)> = None;
        let mut builder = StringBuilder::new();
        for text in texts.iter() {
            match (text, &last) {
                (None, _) => builder.append_null(),
                (Some(text), Some((known, made))) if *known == text => builder.append_value(made),
                (Some(text), _) => {
                    let made = (self.make.0)(text);
                    builder.append_value(&made);
                    last = Some((text, made));
                }
            }
        }
        Ok(ColumnarValue::Array(Arc::new(builder.finish())))
    }
}

/// `parse_time(text)`: a time in any form that the sources read, as TIMESTAMP in UTC; NULL where it is none.
#[derive(Debug, PartialEq, Eq, Hash)]
struct ParseTime {
    signature: Signature,
}

impl ParseTime {
    fn new() -> Self {
        Self { signature: Signature::any(1, Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for ParseTime {
    fn name(&self) -> &str {
        "parse_time"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> DfResult<DataType> {
        Ok(time_type())
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> DfResult<ColumnarValue> {
        let texts = text_array(&args.args[0], args.number_rows)?;
        let times: TimestampMicrosecondArray = texts.iter().map(|text| text.and_then(time::parse)).collect();
        Ok(ColumnarValue::Array(Arc::new(times.with_timezone("UTC"))))
    }
}

/// `local_time(time, zone)`: the wall clock of an IANA time zone at an instant, as TIMESTAMP without zone; unknown zones are UTC.
#[derive(Debug, PartialEq, Eq, Hash)]
struct LocalTime {
    signature: Signature,
}

impl LocalTime {
    fn new() -> Self {
        Self { signature: Signature::any(2, Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for LocalTime {
    fn name(&self) -> &str {
        "local_time"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> DfResult<DataType> {
        Ok(DataType::Timestamp(TimeUnit::Microsecond, None))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> DfResult<ColumnarValue> {
        let times = cast(&args.args[0].to_array(args.number_rows)?, &time_type())?;
        let times = times.as_primitive::<TimestampMicrosecondType>();
        let zones = text_array(&args.args[1], args.number_rows)?;
        // Rows come in runs of one person: the last zone is remembered.
        let mut last: (String, Tz) = (String::new(), Tz::UTC);
        let local: TimestampMicrosecondArray = (0..times.len())
            .map(|row| {
                if times.is_null(row) {
                    return None;
                }
                let name = if zones.is_null(row) { "UTC" } else { zones.value(row) };
                if last.0 != name {
                    last = (name.to_owned(), name.parse().unwrap_or(Tz::UTC));
                }
                let time = times.value(row);
                let instant = chrono::DateTime::from_timestamp_micros(time)?;
                let offset = last.1.offset_from_utc_datetime(&instant.naive_utc()).fix().local_minus_utc();
                Some(time + i64::from(offset) * SECOND)
            })
            .collect();
        Ok(ColumnarValue::Array(Arc::new(local)))
    }
}

fn text_array(value: &ColumnarValue, rows: usize) -> DfResult<StringArray> {
    let array: ArrayRef = cast(&value.to_array(rows)?, &DataType::Utf8)?;
    Ok(array.as_string::<i32>().clone())
}
