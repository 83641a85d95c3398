//! Values of every format; values that a description allows, and ones that it does not.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use crate::schema::{AllowedValues, EnumValue, Properties, Rule};
use crate::{Format, Value};

/// A value of that format, as reading a message would give it.
///
/// ```
/// use csp_model::{Format, Value, strategies};
/// use proptest::prelude::*;
///
/// proptest!(|(value in strategies::value(Format::Time))| {
///     prop_assert_eq!(Value::parse(Format::Time, &value.text()), Some(value));
/// });
/// ```
///
/// # Panics
/// For [`Format::Node`]: an interior node has no value.
pub fn value(format: Format) -> BoxedStrategy<Value> {
    match format {
        Format::B64 => "([A-Za-z0-9+/]{4}){0,6}([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?"
            .prop_map(|text| Value::B64(text.into()))
            .boxed(),
        Format::Bin => any::<String>().prop_map(|text| Value::Bin(text.trim().into())).boxed(),
        Format::Bool => any::<bool>().prop_map(Value::Bool).boxed(),
        Format::Chr => text().prop_map(Value::Chr).boxed(),
        Format::Date => date().prop_map(|text| Value::Date(text.into())).boxed(),
        Format::Float => {
            let number = any::<f64>()
                .prop_filter_map("not finite", |number| number.is_finite().then(|| number.to_string()));
            prop_oneof![number, "-?[0-9]{1,6}(\\.[0-9]{1,6})?(e-?[0-9])?"]
                .prop_map(|text| Value::Float(text.into()))
                .boxed()
        }
        Format::Int => prop_oneof![any::<i64>(), -10_i64..400].prop_map(Value::Int).boxed(),
        Format::Node => panic!("an interior node has no value"),
        Format::Null => Just(Value::Null).boxed(),
        Format::Time => time().prop_map(|text| Value::Time(text.into())).boxed(),
        Format::Xml => {
            prop_oneof![Just(Arc::from("<a b=\"1\">&amp;</a>")), text()].prop_map(Value::Xml).boxed()
        }
    }
}

/// A value of any format.
///
/// ```
/// use csp_model::{Value, strategies};
/// use proptest::prelude::*;
///
/// proptest!(|(value in strategies::any_value())| {
///     prop_assert_eq!(Value::parse(value.format(), &value.text()), Some(value));
/// });
/// ```
pub fn any_value() -> impl Strategy<Value = Value> {
    let formats: Vec<_> = Format::ALL.into_iter().filter(|format| *format != Format::Node).collect();
    select(formats).prop_flat_map(value)
}

/// A value that a leaf takes; `None` where none was found.
pub(super) fn fitting(properties: &Properties) -> Option<BoxedStrategy<Value>> {
    let format = properties.format;
    if format == Format::Node {
        return None;
    }
    let Some(allowed) = allowed(properties) else { return Some(value(format)) };
    let fits = |value: &Value| allowed.check(value).is_ok();
    let listed: Vec<Value> = match &allowed.rule {
        Rule::Enum(values) => {
            values.iter().filter_map(|listed| Value::parse(format, &listed.value)).collect()
        }
        Rule::Range(ranges) if format == Format::Int && !ranges.is_empty() => {
            let inside = ranges.iter().map(|range| (range.first..=range.last).prop_map(Value::Int).boxed());
            return Some(proptest::strategy::Union::new(inside).boxed());
        }
        Rule::Flag(values) if format == Format::Int && !values.is_empty() => return Some(flags(values)),
        Rule::Any
        | Rule::Range(_)
        | Rule::RegEx(_)
        | Rule::Flag(_)
        | Rule::Admx(_)
        | Rule::Json(_)
        | Rule::Xsd(_)
        | Rule::Sddl(_) => Vec::new(),
    };
    let found: Vec<_> = listed.into_iter().chain(samples(format)).filter(fits).collect();
    (!found.is_empty()).then(|| select(found).boxed())
}

/// Values of the leaf's format that it does not take; none where it takes all, as far as was found.
pub(super) fn disallowed(properties: &Properties) -> Vec<Value> {
    let Some(allowed) = allowed(properties) else { return Vec::new() };
    samples(properties.format).into_iter().filter(|value| allowed.check(value).is_err()).collect()
}

/// Texts that spell no value of that format; none where every text spells one.
pub(super) const fn misspelled(format: Format) -> &'static [&'static str] {
    match format {
        Format::B64 => &["a", "ab=", "====", "!!!!"],
        Format::Bool => &["", "yes", "2", "tRUE"],
        Format::Date => &["", "0", "yesterday", "2024-13-01", "2024-01-01T00:00:00Z"],
        Format::Float => &["", "x", "NaN", "inf", "1,5"],
        Format::Int => &["", "x", "1.5", "0x1", "9223372036854775808"],
        Format::Null => &["x", "0"],
        Format::Time => &["", "1", "25:00:00", "2024-01-01", "now"],
        Format::Bin | Format::Chr | Format::Node | Format::Xml => &[],
    }
}

fn allowed(properties: &Properties) -> Option<&AllowedValues> {
    properties.msft.as_ref()?.allowed.as_ref()
}

/// A few values of a format, among them ones that most rules take and ones that most refuse.
fn samples(format: Format) -> Vec<Value> {
    const NUMBERS: [i64; 14] = [0, 1, 2, 3, 5, 8, 12, 16, 32, 64, 365, -1, i64::MIN, i64::MAX];
    const TEXTS: [&str; 10] =
        ["", "x", "a", "b", "0", "1", "2024-05-01", "<enabled/>", "{01234567}", "no rule takes this"];
    const DATES: [&str; 2] = ["2024-05-01", "19991231"];
    const TIMES: [&str; 3] = ["0", "2024-05-01T00:00:00Z", "12:00:00"];
    let parsed = |texts: &[&str]| texts.iter().filter_map(|text| Value::parse(format, text)).collect();
    match format {
        Format::Int => NUMBERS.map(Value::Int).to_vec(),
        Format::Float => parsed(&["0", "1", "-1", "2.5", "1e300"]),
        Format::Bool => vec![Value::Bool(false), Value::Bool(true)],
        Format::Date => parsed(&DATES),
        Format::Time => parsed(&TIMES),
        Format::B64 => parsed(&["", "YQ==", "AAAA"]),
        Format::Node => Vec::new(),
        Format::Null => vec![Value::Null],
        Format::Bin | Format::Chr | Format::Xml => parsed(&TEXTS),
    }
}

fn flags(values: &[EnumValue]) -> BoxedStrategy<Value> {
    let number = |value: &EnumValue| match value.value.trim().strip_prefix("0x") {
        Some(digits) => i64::from_str_radix(digits, 16).ok(),
        None => value.value.trim().parse().ok(),
    };
    let numbers: Vec<i64> = values.iter().filter_map(number).collect();
    let most = numbers.len();
    subsequence(numbers, 0..=most)
        .prop_map(|some| Value::Int(some.into_iter().fold(0, |sum, flag| sum | flag)))
        .boxed()
}

fn text() -> impl Strategy<Value = Arc<str>> {
    prop_oneof!["[ -~]{0,12}", any::<String>()].prop_map(Into::into)
}

fn date() -> impl Strategy<Value = String> {
    (1000_i32..9999, 1_u32..367, any::<bool>()).prop_filter_map("no such day", |(year, day, extended)| {
        let date = NaiveDate::from_yo_opt(year, day)?;
        Some(date.format(if extended { "%Y-%m-%d" } else { "%Y%m%d" }).to_string())
    })
}

fn time() -> impl Strategy<Value = String> {
    const LAYOUTS: [&str; 7] = [
        "0",
        "%H:%M:%S",
        "%H:%M:%S%.3fZ",
        "%H%M%S",
        "%Y-%m-%dT%H:%M:%SZ",
        "%Y-%m-%dT%H:%M:%S%.6f+09:00",
        "%Y%m%dT%H%M%SZ",
    ];
    (0_i64..4_102_444_800, 0_u32..1_000_000_000, select(LAYOUTS.to_vec())).prop_filter_map(
        "no such time",
        |(seconds, nanoseconds, layout)| {
            Some(DateTime::from_timestamp(seconds, nanoseconds)?.format(layout).to_string())
        },
    )
}
