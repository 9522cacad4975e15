//! Whether a condition's value can be read by its operator: advice for the author, never a comparison.

use std::net::IpAddr;

use crate::operator::Family;

/// What an operator of this family wants, when the text is not that.
pub(crate) fn readable(family: Family, text: &str) -> Result<(), &'static str> {
    let (ok, wanted) = match family {
        Family::String => (true, "text"),
        Family::Numeric => (is_number(text), "a number, for example `3600`"),
        Family::Date => (
            is_date(text),
            "a date such as `2026-01-31T12:00:00Z`, or seconds since 1970 with more than four digits",
        ),
        Family::Bool | Family::Null => {
            (text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false"), "`true` or `false`")
        }
        Family::Binary => (is_base64(text), "base64"),
        Family::Ip => (is_range(text), "an address or a range, for example `203.0.113.0/24`"),
        Family::Arn => (is_arn(text), "an ARN of six parts; every ARN is `arn:*:*:*:*:*`"),
    };
    if ok { Ok(()) } else { Err(wanted) }
}

/// PE-NUM-01
fn is_number(text: &str) -> bool {
    text.bytes().any(|byte| byte.is_ascii_digit())
        && text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'+' | b'e' | b'E'))
        && text.parse::<f64>().is_ok()
}

/// PE-DAT-01. Four digits are a year to the one reader and seconds to the other (PE-DAT-03): not readable.
fn is_date(text: &str) -> bool {
    let digits =
        |text: &str, count: usize| text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.len() != 4 && text.parse::<i64>().is_ok();
    }
    let (date, time) = match text.split_once(['T', 't']) {
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    };
    let between = |text: &str, low: u32, high: u32| {
        digits(text, 2) && text.parse::<u32>().is_ok_and(|number| (low..=high).contains(&number))
    };
    let mut parts = date.split('-');
    let date_ok = match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(year), Some(month), None, None) => digits(year, 4) && between(month, 1, 12) && time.is_none(),
        (Some(year), Some(month), Some(day), None) => {
            digits(year, 4) && between(month, 1, 12) && between(day, 1, 31)
        }
        _ => false,
    };
    let Some(time) = time else { return date_ok };
    let (clock, zone) = match time.find(['Z', 'z', '+', '-']) {
        Some(at) => time.split_at_checked(at).unwrap_or((time, "")),
        None => (time, ""),
    };
    let zone_ok = match zone {
        "" | "Z" | "z" => true,
        offset => offset
            .get(1..)
            .and_then(|offset| offset.split_once(':'))
            .is_some_and(|(hours, minutes)| between(hours, 0, 23) && between(minutes, 0, 59)),
    };
    let mut parts = clock.split(':');
    let clock_ok = match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(hours), Some(minutes), None, None) => between(hours, 0, 23) && between(minutes, 0, 59),
        (Some(hours), Some(minutes), Some(seconds), None) => {
            let (whole, fraction) = seconds.split_once('.').unwrap_or((seconds, "0"));
            between(hours, 0, 23)
                && between(minutes, 0, 59)
                && between(whole, 0, 59)
                && !fraction.is_empty()
                && fraction.bytes().all(|byte| byte.is_ascii_digit())
        }
        _ => false,
    };
    date_ok && zone_ok && clock_ok
}

/// PE-BIN-01
fn is_base64(text: &str) -> bool {
    let body = text.trim_end_matches('=');
    text.len().is_multiple_of(4)
        && text.len() - body.len() <= 2
        && body.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'))
}

/// PE-IP-01
fn is_range(text: &str) -> bool {
    let (address, prefix) = match text.split_once('/') {
        Some((address, prefix)) => (address, Some(prefix)),
        None => (text, None),
    };
    let Ok(address) = address.parse::<IpAddr>() else { return false };
    let longest = if address.is_ipv4() { 32 } else { 128 };
    prefix.is_none_or(|prefix| {
        prefix.len() <= 3
            && prefix.bytes().all(|byte| byte.is_ascii_digit())
            && prefix.parse::<u8>().is_ok_and(|prefix| prefix <= longest)
    })
}

/// PE-ARN-03. A variable may hold colons or be one, so a text with variables is left alone.
fn is_arn(text: &str) -> bool {
    text.contains("${") || (text.starts_with("arn:") && text.split(':').count() >= crate::arn::ARN_PARTS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_by_their_family() {
        let check = |family, text: &str, expected: bool| {
            assert_eq!(readable(family, text).is_ok(), expected, "{family:?} {text}");
        };
        check(Family::Numeric, "-1.5", true);
        check(Family::Numeric, "ten", false);
        check(Family::Numeric, "inf", false);
        check(Family::Date, "2026-01-31", true);
        check(Family::Date, "2026-01", true);
        check(Family::Date, "2026-01-31T12:00Z", true);
        check(Family::Date, "2026-01-31T12:00:00.5+01:00", true);
        check(Family::Date, "1704067200", true);
        check(Family::Date, "2024", false); // PE-DAT-03
        check(Family::Date, "2026-13-01", false);
        check(Family::Date, "2026-01T12:00Z", false);
        check(Family::Date, "é-01-01", false);
        check(Family::Bool, "TRUE", true);
        check(Family::Bool, "yes", false);
        check(Family::Binary, "QmluYXJ5", true);
        check(Family::Binary, "Qml", false);
        check(Family::Ip, "2001:db8::/32", true);
        check(Family::Ip, "203.0.113.7", true);
        check(Family::Ip, "203.0.113.0/33", false);
        check(Family::Arn, "arn:aws:s3:::b", true);
        check(Family::Arn, "*", false); // PE-ARN-03
    }
}
