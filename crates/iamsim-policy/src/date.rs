//! Which dates IAM stores: more than the language describes, and not all of it.

/// Whether IAM stores a document with this value under a date operator, which says little about whether the
/// value can be compared.
///
/// Recorded: `01T`, `-292275054` and `2016-12-13t2:00:00.593194+23` are taken; `234-13`, an offset of one
/// digit, ten digits of a second and 9223372036854775808 are not (POL-12, POL-40). The bounds between are
/// another implementation's reading of more such answers (PE-DAT-06).
pub(crate) fn is_storable(text: &str) -> bool {
    if !text.contains(['t', 'T', '-']) {
        return text.parse::<i64>().is_ok_and(|seconds| seconds >= 0);
    }
    let (date, time) = text.split_once(['t', 'T']).unwrap_or((text, ""));
    is_day(date) && (time.is_empty() || is_time(time))
}

fn within(digits: &str, low: i64, high: i64) -> bool {
    let plain = digits.strip_prefix('-').unwrap_or(digits);
    !plain.is_empty()
        && plain.bytes().all(|byte| byte.is_ascii_digit())
        && digits.parse::<i64>().is_ok_and(|number| (low..=high).contains(&number))
}

fn is_day(date: &str) -> bool {
    // The sign of a year before the common era is no separator.
    let (sign, unsigned) = match date.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", date),
    };
    let mut parts = unsigned.split('-');
    let year = parts.next().unwrap_or_default();
    within(&format!("{sign}{year}"), -292_275_054, 292_278_993)
        && parts.next().is_none_or(|month| within(month, 1, 12))
        && parts.next().is_none_or(|day| within(day, 1, 31))
        && parts.next().is_none()
}

fn is_time(time: &str) -> bool {
    let mut parts = time.splitn(3, ':');
    let hour = parts.next().unwrap_or_default();
    within(hour, 0, 23)
        && parts.next().is_none_or(|minute| within(minute, 0, 59))
        && parts.next().is_none_or(is_second)
}

fn is_second(text: &str) -> bool {
    let (second, zone_ok) = match text.find(['z', 'Z', '+', '-']).and_then(|at| text.split_at_checked(at)) {
        Some((second, "z" | "Z")) => (second, true),
        Some((second, zone)) => (second, is_offset(zone)),
        None => (text, true),
    };
    let (whole, fraction) = second.split_once('.').unwrap_or((second, "0"));
    zone_ok && within(whole, 0, 59) && within(fraction, 0, 999_999_999)
}

/// `+hh`, `+hh:mm` or `+hhmm`
fn is_offset(zone: &str) -> bool {
    let Some(zone) = zone.strip_prefix(['+', '-']) else { return false };
    let together = || if zone.len() == 4 { zone.split_at_checked(2) } else { None };
    let (hour, minute) = zone.split_once(':').or_else(together).unwrap_or((zone, "00"));
    hour.len() == 2 && minute.len() == 2 && within(hour, 0, 23) && within(minute, 0, 59)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_taken_as_iam_takes_them() {
        let check = |text: &str, expected: bool| assert_eq!(is_storable(text), expected, "{text}");
        check("01T", true); // POL-40
        check("-292275054", true);
        check("2016-12-13t2:00:00.593194+23", true);
        check("2019-07-01T13:20:15Z", true);
        check("2016-12-13T21:20:37.593194+00:00", true);
        check("2017-12-31", true);
        check("9223372036854775807", true); // POL-12
        check("9223372036854775808", false);
        check("234-13", false);
        check("2016-12-13t2:00:00.593194+1", false);
        check("2016-12-13t2:00:00.1999999999+10:59", false);
        check("sdfdsf", false);
        check("2017-00-01", false); // PE-DAT-06
        check("2017-01-32", false);
        check("2017-01-01-01", false);
        check("2017-01-01T24", false);
        check("2017-01-01T00:60", false);
        check("2017-01-01T00:00:60", false);
        check("2017-01-01T00:00:00+00:60", false);
        check("2017-01-01T00:00:00Zx", false);
        check("2017-01-01T00:00:00+0130", true);
        check("2017-01-01T00:00:00+013", false);
        check("2017-01-01T00:00:00+é1", false);
        check("", false);
        check("-", false);
        check("--1", false);
    }
}
