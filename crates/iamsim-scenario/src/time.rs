//! Lengths of time and instants, as scenario files write them.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};

/// Reads `30m`, `1h30m`, `2d`: whole numbers with `d`, `h`, `m` or `s`.
pub(crate) fn duration(text: &str) -> Option<TimeDelta> {
    let mut seconds: i64 = 0;
    let mut digits = String::new();
    if text.is_empty() {
        return None;
    }
    for letter in text.chars() {
        let unit = match letter {
            '0'..='9' => {
                digits.push(letter);
                continue;
            }
            'd' => 86_400,
            'h' => 3_600,
            'm' => 60,
            's' => 1,
            _ => return None,
        };
        let number: i64 = digits.parse().ok()?;
        digits.clear();
        seconds = seconds.checked_add(number.checked_mul(unit)?)?;
    }
    digits.is_empty().then_some(())?;
    TimeDelta::try_seconds(seconds)
}

/// As it is read aloud: `1 hour 30 minutes`.
pub(crate) fn spoken(duration: TimeDelta) -> String {
    let mut rest = duration.num_seconds();
    let mut parts = Vec::new();
    for (unit, length) in [("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1)] {
        let count = rest / length;
        rest %= length;
        match count {
            0 => {}
            1 => parts.push(format!("1 {unit}")),
            _ => parts.push(format!("{count} {unit}s")),
        }
    }
    if parts.is_empty() { "no time".to_owned() } else { parts.join(" ") }
}

/// As scenario files write it: `1h30m`.
pub(crate) fn written(duration: TimeDelta) -> String {
    let mut rest = duration.num_seconds();
    let mut text = String::new();
    for (unit, length) in [('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)] {
        let count = rest / length;
        rest %= length;
        if count > 0 {
            text.push_str(&count.to_string());
            text.push(unit);
        }
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}

/// Reads an instant in AWS's form, `2030-01-01T09:00:00Z`; other offsets are taken too.
pub(crate) fn instant(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text).ok().map(|instant| instant.with_timezone(&Utc))
}

/// An instant in AWS's form.
pub(crate) fn stamp(instant: DateTime<Utc>) -> String {
    instant.to_rfc3339_opts(SecondsFormat::Secs, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_are_numbers_with_units() {
        let check = |text: &str, seconds: Option<i64>| {
            assert_eq!(duration(text).map(|length| length.num_seconds()), seconds, "{text}");
        };
        check("30m", Some(1_800));
        check("1h30m", Some(5_400));
        check("2d", Some(172_800));
        check("0s", Some(0));
        check("", None);
        check("30", None);
        check("m", None);
        check("1w", None);
        check("-5m", None);
        check("99999999999999999999d", None);
        check("9223372036854775807s", None);
    }

    #[test]
    fn a_length_of_time_is_written_as_it_is_read() {
        for text in ["1h30m", "1d1h1s", "15m", "0s"] {
            assert_eq!(written(duration(text).unwrap()), text);
        }
        assert_eq!(written(duration("90m").unwrap()), "1h30m");
    }

    #[test]
    fn lengths_of_time_are_read_aloud() {
        let check = |text: &str, expected: &str| assert_eq!(spoken(duration(text).unwrap()), expected);
        check("90m", "1 hour 30 minutes");
        check("25h1s", "1 day 1 hour 1 second");
        check("0m", "no time");
    }
}
