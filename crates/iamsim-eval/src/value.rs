//! Values of condition operators read from text: numbers, instants, truth values, bytes, address ranges.
//!
//! A text that is no such value reads as none; what that means for an operator is decided in `condition.rs`.

use std::cmp::Ordering;
use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime};
use ipnet::IpNet;

/// Whether a run of exactly four digits is a year rather than epoch seconds. Low confidence (PE-DAT-03).
const FOUR_DIGITS_ARE_A_YEAR: bool = false;

/// An integer or decimal of any size, compared as a number (PE-NUM-01).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Number<'t> {
    negative: bool,
    /// Digits before the point, without leading zeros.
    whole: &'t str,
    /// Digits after the point, without trailing zeros.
    fraction: &'t str,
}

/// Where in a text the digits of a number stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NumberShape {
    negative: bool,
    whole: (usize, usize),
    fraction: (usize, usize),
}

impl NumberShape {
    /// Reads `12`, `-0.5`, `+3`, `1.50`. No exponent: AWS documents integers and decimals.
    pub(crate) fn of(text: &str) -> Option<Self> {
        let trimmed = text.trim_start();
        let mut start = text.len() - trimmed.len();
        let trimmed = trimmed.trim_end();
        let (negative, digits) = match trimmed.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, trimmed.strip_prefix('+').unwrap_or(trimmed)),
        };
        start += trimmed.len() - digits.len();
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let numeric = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if (whole.is_empty() && fraction.is_empty()) || !numeric(whole) || !numeric(fraction) {
            return None;
        }
        let point = start + whole.len();
        let whole = (point - whole.trim_start_matches('0').len(), point);
        let fraction = (point + 1, point + 1 + fraction.trim_end_matches('0').len());
        let zero = whole.0 == whole.1 && fraction.0 == fraction.1;
        Some(Self { negative: negative && !zero, whole, fraction })
    }

    /// The number in the text it was read from.
    pub(crate) fn of_text(self, text: &str) -> Number<'_> {
        let part = |(start, end): (usize, usize)| text.get(start..end).unwrap_or_default();
        Number { negative: self.negative, whole: part(self.whole), fraction: part(self.fraction) }
    }
}

impl PartialOrd for Number<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Number<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        let magnitude = |a: &Self, b: &Self| {
            (a.whole.len(), a.whole, a.fraction).cmp(&(b.whole.len(), b.whole, b.fraction))
        };
        match (self.negative, other.negative) {
            (false, false) => magnitude(self, other),
            (true, true) => magnitude(other, self),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
        }
    }
}

/// An instant in whole seconds since 1970 (PE-DAT-07).
pub(crate) type Instant = i64;

/// Reads a date of the W3C profile of ISO 8601, or seconds since 1970 (PE-DAT-01). Missing parts are their
/// first instant, a missing zone is UTC (PE-DAT-02).
pub(crate) fn instant(text: &str) -> Option<Instant> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        if digits.len() == 4 && digits.len() == text.len() && FOUR_DIGITS_ARE_A_YEAR {
            return date(text).map(|date| date.and_time(NaiveTime::MIN).and_utc().timestamp());
        }
        return text.parse().ok();
    }
    let Some((day, time)) = text.split_once(['T', 't']) else {
        return date(text).map(|date| date.and_time(NaiveTime::MIN).and_utc().timestamp());
    };
    let date = date(day).filter(|_| day.len() == "2024-05-01".len())?;
    let zone_at = time.find(['Z', 'z', '+', '-']).unwrap_or(time.len());
    let (clock, zone) = time.split_at_checked(zone_at)?;
    let offset = zone_offset(zone)?;
    let local = NaiveDateTime::new(date, clock_time(clock)?);
    let instant: DateTime<FixedOffset> = local.and_local_timezone(offset).single()?;
    Some(instant.timestamp())
}

/// `2024`, `2024-05` or `2024-05-01`.
fn date(text: &str) -> Option<NaiveDate> {
    let mut parts = text.split('-');
    let year = number_of(parts.next()?, 4)?;
    let month = parts.next().map_or(Some(1), |part| number_of(part, 2))?;
    let day = parts.next().map_or(Some(1), |part| number_of(part, 2))?;
    if parts.next().is_some() {
        return None;
    }
    NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)
}

/// `10:00`, `10:00:00` or `10:00:00.5`.
fn clock_time(text: &str) -> Option<NaiveTime> {
    let (text, fraction) = text.split_once('.').unwrap_or((text, "0"));
    if fraction.is_empty() || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let mut parts = text.split(':');
    let hour = number_of(parts.next()?, 2)?;
    let minute = number_of(parts.next()?, 2)?;
    let second = parts.next().map_or(Some(0), |part| number_of(part, 2))?;
    if parts.next().is_some() {
        return None;
    }
    NaiveTime::from_hms_opt(hour, minute, second)
}

/// Whether `+0200` is an offset. Low confidence (PE-DAT-01): the W3C form has a colon, yet what IAM was recorded
/// to accept when a policy is written goes beyond that form (PE-DAT-06).
const OFFSETS_DO_WITHOUT_A_COLON: bool = true;

/// Nothing, `Z`, `+01:00` or `-0530`.
fn zone_offset(text: &str) -> Option<FixedOffset> {
    if text.is_empty() || text.eq_ignore_ascii_case("z") {
        return FixedOffset::east_opt(0);
    }
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+')?),
    };
    let (hours, minutes) = match digits.split_once(':') {
        Some((hours, minutes)) => (number_of(hours, 2)?, number_of(minutes, 2)?),
        None if digits.len() == 4 && OFFSETS_DO_WITHOUT_A_COLON => {
            let (hours, minutes) = digits.split_at_checked(2)?;
            (number_of(hours, 2)?, number_of(minutes, 2)?)
        }
        None => (number_of(digits, 2)?, 0),
    };
    if minutes > 59 {
        return None;
    }
    FixedOffset::east_opt(sign * i32::try_from(hours * 3600 + minutes * 60).ok()?)
}

fn number_of(digits: &str, count: usize) -> Option<u32> {
    if digits.len() != count || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok()
}

/// `true` or `false`, in any case (PE-BOO-01).
pub(crate) fn truth_value(text: &str) -> Option<bool> {
    if text.eq_ignore_ascii_case("true") {
        Some(true)
    } else if text.eq_ignore_ascii_case("false") {
        Some(false)
    } else {
        None
    }
}

/// Whether a text is bytes written as base64 (PE-BIN-01). Bytes are written in one way only: padding is
/// required and unused bits are zero, so equal texts are equal bytes and nothing else is.
pub(crate) fn is_bytes(text: &str) -> bool {
    STANDARD.decode(text).is_ok()
}

/// An address or a range; an address alone is a range of one (PE-IP-01). Host bits below the mask are
/// ignored by containment itself (PE-IP-02).
pub(crate) fn range(text: &str) -> Option<IpNet> {
    match text.parse::<IpNet>() {
        Ok(range) => Some(range),
        Err(_) => text.parse::<IpAddr>().ok().map(IpNet::from),
    }
}

/// An address.
pub(crate) fn address(text: &str) -> Option<IpAddr> {
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_compare_as_numbers_of_any_size() {
        let check = |a: &str, b: &str, expected: Ordering| {
            let number = |text| NumberShape::of(text).unwrap().of_text(text);
            assert_eq!(number(a).cmp(&number(b)), expected, "{a} to {b}");
        };
        check("9", "10", Ordering::Less); // PE-NUM-01
        check("1", "1.0", Ordering::Equal);
        check("-0", "0", Ordering::Equal);
        check("-2", "-1.5", Ordering::Less);
        check("0.10", "0.1", Ordering::Equal);
        check(".5", "0.49", Ordering::Greater);
        check(" +007.50 ", "7.5", Ordering::Equal);
        check("5.", "5", Ordering::Equal);
        check("9007199254740993", "9007199254740992", Ordering::Greater);
        for text in ["", "10abc", "1e3", "0x10", ".", "-", "1.2.3", "NaN"] {
            assert_eq!(NumberShape::of(text), None, "{text}");
        }
    }

    #[test]
    fn dates_are_instants_in_every_documented_form() {
        let check = |text: &str, expected: Option<Instant>| assert_eq!(instant(text), expected, "{text}");
        let day = Some(1_704_067_200);
        check("2024-01-01", day); // PE-DAT-01, PE-DAT-02
        check("2024-01", day);
        check("2024-01-01T00:00Z", day);
        check("2024-01-01T00:00:00Z", day);
        check("2024-01-01T00:00:00.5Z", day); // PE-DAT-07
        check("2024-01-01T01:00:00+01:00", day);
        check("2023-12-31T18:30:00-05:30", day);
        // Not in the W3C form; ISO 8601 writes offsets so too, and IAM's reader was seen to take more than W3C's.
        check("2023-12-31T18:30:00-0530", day);
        check("2024-01-01T02:00:00+0200", day);
        check("2024-01-01t00:00:00", day);
        check("1704067200", day); // PE-DAT-04
        check("2024", Some(2024)); // PE-DAT-03
        check("-1", Some(-1));
        for text in [
            "",
            "yesterday",
            "2024-13-01",
            "2024-02-30",
            "2024-1-1",
            "2024-01-01T25:00Z",
            "2024-01T00:00Z",
            "2024-01-01T00:00:00+1",
            "2024-01-01T00:00:00+010",
            "2024-01-01T00:00:00+0060",
            "2024-01-01T00:00:00+00:60",
            "2024-01-01T00:00:00+01000",
            "20x4-01-01",
            "01T",
            "99999999999999999999",
        ] {
            check(text, None);
        }
    }

    #[test]
    fn ranges_ignore_host_bits_and_families_stay_apart() {
        let within = |range_text: &str, address_text: &str| {
            range(range_text).unwrap().contains(&address(address_text).unwrap())
        };
        assert!(within("203.0.113.7/24", "203.0.113.200")); // PE-IP-02
        assert!(within("203.0.113.7", "203.0.113.7")); // PE-IP-01
        assert!(!within("203.0.113.7", "203.0.113.8"));
        assert!(within("2001:DB8::1", "2001:0db8:0:0::1")); // PE-IP-03
        assert!(!within("0.0.0.0/0", "::1")); // PE-IP-04
        assert!(!within("203.0.113.0/24", "::ffff:203.0.113.7"));
        assert!(range("203.0.113.0/33").is_none() && range("*").is_none());
    }
}
