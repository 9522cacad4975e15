//! Conditions: operators, and what they say about one request context.
//!
//! It does not know effects: a condition computes the same in Allow and Deny (PE-CND-02).

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::case::{Context, Held};
use crate::document::Condition;
use crate::matching::{Arn, Glyph, glob};
use crate::truth::Truth;
use crate::variable::{Piece, Resolved, pieces, plain, resolve};

/// A condition operator: `[ForAllValues:|ForAnyValue:]Base[IfExists]` (PE-CND-06).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Operator {
    set: Set,
    test: Test,
    negated: bool,
    if_exists: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Set {
    None,
    All,
    Any,
}

/// What a base operator tests, without its negation.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Test {
    String,
    StringIgnoreCase,
    StringLike,
    Numeric(Order),
    Date(Order),
    Bool,
    Binary,
    Ip,
    Arn,
    Null,
}

/// How the request's value must stand to the policy's.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Order {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Operator {
    /// Reads an operator's name. Writing demands AWS's exact spelling; what is stored is read without
    /// regard to case (PE-CND-05).
    pub(crate) fn read(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let (set, rest) = if let Some(rest) = name.strip_prefix("forallvalues:") {
            (Set::All, rest)
        } else if let Some(rest) = name.strip_prefix("foranyvalue:") {
            (Set::Any, rest)
        } else {
            (Set::None, name.as_str())
        };
        let (base, if_exists) = match rest.strip_suffix("ifexists") {
            Some(base) => (base, true),
            None => (rest, false),
        };
        let (test, negated) = match base {
            "stringequals" => (Test::String, false),
            "stringnotequals" => (Test::String, true),
            "stringequalsignorecase" => (Test::StringIgnoreCase, false),
            "stringnotequalsignorecase" => (Test::StringIgnoreCase, true),
            "stringlike" => (Test::StringLike, false),
            "stringnotlike" => (Test::StringLike, true),
            "numericequals" => (Test::Numeric(Order::Equal), false),
            "numericnotequals" => (Test::Numeric(Order::Equal), true),
            "numericlessthan" => (Test::Numeric(Order::Less), false),
            "numericlessthanequals" => (Test::Numeric(Order::LessOrEqual), false),
            "numericgreaterthan" => (Test::Numeric(Order::Greater), false),
            "numericgreaterthanequals" => (Test::Numeric(Order::GreaterOrEqual), false),
            "dateequals" => (Test::Date(Order::Equal), false),
            "datenotequals" => (Test::Date(Order::Equal), true),
            "datelessthan" => (Test::Date(Order::Less), false),
            "datelessthanequals" => (Test::Date(Order::LessOrEqual), false),
            "dategreaterthan" => (Test::Date(Order::Greater), false),
            "dategreaterthanequals" => (Test::Date(Order::GreaterOrEqual), false),
            "bool" => (Test::Bool, false),
            "binaryequals" => (Test::Binary, false),
            "ipaddress" => (Test::Ip, false),
            "notipaddress" => (Test::Ip, true),
            "arnequals" | "arnlike" => (Test::Arn, false), // PE-ARN-01
            "arnnotequals" | "arnnotlike" => (Test::Arn, true),
            "null" if !if_exists => (Test::Null, false), // PE-CND-06
            _ => return None,
        };
        Some(Self { set, test, negated, if_exists })
    }

    /// Whether `${…}` in its values is a variable (PE-VAR-02, PE-BOO-03).
    pub(crate) fn takes_variables(self) -> bool {
        matches!(self.test, Test::String | Test::StringIgnoreCase | Test::StringLike | Test::Arn)
    }

    /// Whether it holds only for a present key with one of the values (PE-S3-03).
    pub(crate) fn narrows(self) -> bool {
        self.set == Set::None
            && !self.negated
            && !self.if_exists
            && matches!(
                self.test,
                Test::String | Test::StringIgnoreCase | Test::StringLike | Test::Arn | Test::Ip
            )
    }

    /// Whether its values are dates.
    pub(crate) fn takes_dates(self) -> bool {
        matches!(self.test, Test::Date(_))
    }
}

/// Tells whether all conditions of a statement hold (PE-CND-01).
pub(crate) fn all_hold(conditions: &[Condition], variables: bool, context: &Context) -> Truth {
    Truth::all(conditions.iter().map(|condition| holds(condition, variables, context)))
}

fn holds(condition: &Condition, variables: bool, context: &Context) -> Truth {
    let Condition { operator, key, values } = condition;
    let held = context.get(key);
    if operator.test == Test::Null {
        return null_holds(operator.set, key, values, &held);
    }
    let satisfies = |value: &str| value_satisfies(*operator, value, values, variables, context);
    // What an unknown value is compared with may be unknown as well.
    let unknown = || {
        let variables = variables && operator.takes_variables();
        let mut keys = BTreeSet::from([key.to_lowercase()]);
        for value in values {
            if let Resolved::Unknown(of, _) = resolve(&read(value, variables), context) {
                keys.extend(of);
            }
        }
        Truth::Unknown(keys)
    };
    match (operator.set, held) {
        // PE-CND-14: an empty list of values.
        (Set::Any, _) if values.is_empty() => Truth::False,
        (Set::All, held) if values.is_empty() => match held {
            Held::Unknown => unknown(),
            held => Truth::of(is_missing_or_empty(&held)),
        },
        (Set::None, Held::One(_)) if values.is_empty() && operator.if_exists => Truth::False,
        (Set::None, _) if values.is_empty() && !operator.if_exists && !operator.negated => Truth::False,

        (_, Held::Unknown) => unknown(),
        (Set::All, held) => match held {
            held if is_missing_or_empty(&held) => Truth::True, // PE-MIS-05, PE-MIS-10
            Held::One(value) => satisfies(&value),             // PE-SET-05
            Held::Many(all) => Truth::all(all.iter().map(|value| satisfies(value))), // PE-SET-02
            Held::Absent | Held::Unknown => Truth::True,
        },
        (Set::Any, held) => match held {
            held if is_missing_or_empty(&held) => Truth::False, // PE-MIS-06, PE-MIS-09, PE-MIS-10
            Held::One(value) => satisfies(&value),
            Held::Many(all) => Truth::any(all.iter().map(|value| satisfies(value))), // PE-SET-03
            Held::Absent | Held::Unknown => Truth::False,
        },
        (Set::None, Held::Absent) => Truth::of(operator.negated || operator.if_exists), // PE-MIS-01 to -03
        (Set::None, Held::Many(_)) => Truth::False,                                     // PE-SET-06
        (Set::None, Held::One(value)) => satisfies(&value), // PE-MIS-10: empty text as it is
    }
}

/// Absent, an empty list or a lone empty string: *null* in the guide's words (PE-MIS-10).
fn is_missing_or_empty(held: &Held) -> bool {
    match held {
        Held::Absent => true,
        Held::One(value) => value.is_empty(),
        Held::Many(values) => values.iter().all(String::is_empty) && values.len() < 2,
        Held::Unknown => false,
    }
}

/// `Null` asks for absence; with a set operator its answer is fixed (PE-NUL-01, PE-SET-07).
fn null_holds(set: Set, key: &str, values: &[String], held: &Held) -> Truth {
    let wants = |word: &str| values.iter().any(|value| value == word);
    match (set, held) {
        (Set::All, _) => Truth::True,
        (Set::Any, _) => Truth::False,
        (Set::None, Held::Unknown) if wants("true") == wants("false") => Truth::of(wants("true")),
        (Set::None, Held::Unknown) => Truth::unknown(key),
        (Set::None, held) if is_missing_or_empty(held) => Truth::of(wants("true")),
        (Set::None, _) => Truth::of(wants("false")),
    }
}

/// Compares one request value with all values of the policy: any for a positive operator, none for
/// a negated one (PE-CND-01).
fn value_satisfies(
    operator: Operator,
    value: &str,
    values: &[String],
    variables: bool,
    context: &Context,
) -> Truth {
    let variables = variables && operator.takes_variables();
    let mut outcomes = values.iter().map(|entry| compare(operator.test, value, entry, variables, context));
    if operator.negated {
        Truth::all(outcomes.map(|outcome| match outcome {
            Outcome::Match | Outcome::Unusable => Truth::False, // PE-NUM-03
            Outcome::Differ => Truth::True,
            Outcome::Unknown(keys) => Truth::Unknown(keys),
        }))
    } else {
        Truth::any(outcomes.by_ref().map(|outcome| match outcome {
            Outcome::Match => Truth::True,
            Outcome::Differ | Outcome::Unusable => Truth::False,
            Outcome::Unknown(keys) => Truth::Unknown(keys),
        }))
    }
}

/// How one request value compares with one value of the policy.
enum Outcome {
    Match,
    Differ,
    /// One of the two is no number or no date: neither equal nor different (PE-NUM-03).
    Unusable,
    Unknown(BTreeSet<String>),
}

impl Outcome {
    fn of(matches: bool) -> Self {
        if matches { Self::Match } else { Self::Differ }
    }
}

fn compare(test: Test, value: &str, entry: &str, variables: bool, context: &Context) -> Outcome {
    match test {
        // Without wildcards every character stands for itself (PE-STR-01).
        Test::String => compare_text(&literal(read(entry, variables)), context, |glyphs| glob(glyphs, value)),
        Test::StringIgnoreCase => compare_text(&literal(read(entry, variables)), context, |glyphs| {
            let folded: Vec<Glyph> = glyphs
                .iter()
                .map(|glyph| match glyph {
                    Glyph::Char(c) => Glyph::Char(c.to_ascii_lowercase()),
                    wildcard => *wildcard,
                })
                .collect();
            glob(&folded, &value.to_ascii_lowercase())
        }),
        Test::StringLike => compare_text(&read(entry, variables), context, |glyphs| glob(glyphs, value)),
        Test::Arn => compare_arn(value, entry, variables, context),
        Test::Numeric(order) => match (number(value), number(entry)) {
            (Some(value), Some(entry)) => Outcome::of(stands(order, value.compare(&entry))),
            _ => Outcome::Unusable,
        },
        Test::Date(order) => match (instant(value), instant(entry)) {
            (Some(value), Some(entry)) => Outcome::of(stands(order, value.cmp(&entry))),
            _ => Outcome::Unusable,
        },
        Test::Bool => {
            let is_bool = ["true", "false"].iter().any(|word| word.eq_ignore_ascii_case(entry));
            Outcome::of(is_bool && entry.eq_ignore_ascii_case(value)) // PE-BOO-01, PE-BOO-02
        }
        Test::Binary => match (base64(value), base64(entry)) {
            (Some(value), Some(entry)) => Outcome::of(value == entry), // PE-BIN-01
            _ => Outcome::Differ,
        },
        Test::Ip => Outcome::of(in_range(value, entry)),
        Test::Null => Outcome::Differ, // answered before values are compared
    }
}

/// A text's pieces, with variables where they work.
fn read(entry: &str, variables: bool) -> Vec<Piece> {
    if variables && let Ok(pieces) = pieces(entry) {
        return pieces;
    }
    plain(entry)
}

fn compare_text(pieces: &[Piece], context: &Context, matches: impl Fn(&[Glyph]) -> bool) -> Outcome {
    match resolve(pieces, context) {
        Resolved::Text(glyphs) => Outcome::of(matches(&glyphs)),
        Resolved::Unknown(keys, widest) if matches(&widest) => Outcome::Unknown(keys),
        Resolved::NoValue | Resolved::Unknown(..) => Outcome::Differ, // PE-VAR-07, PE-VAR-08
    }
}

/// The pieces, with `*` and `?` as plain characters.
fn literal(pieces: Vec<Piece>) -> Vec<Piece> {
    let plain = |piece| match piece {
        Piece::Char(c) => Piece::Escaped(c),
        other => other,
    };
    pieces.into_iter().map(plain).collect()
}

/// Compares part by part (PE-ARN-02); what is no full ARN matches nothing (PE-ARN-03, PE-ARN-04).
fn compare_arn(value: &str, entry: &str, variables: bool, context: &Context) -> Outcome {
    // A colon inside `${…}` does not end a part, hence pieces are cut and not text.
    let mut parts: Vec<Vec<Piece>> = vec![Vec::new()];
    for piece in read(entry, variables) {
        if piece == Piece::Char(':') && parts.len() < 6 {
            parts.push(Vec::new());
        } else if let Some(last) = parts.last_mut() {
            last.push(piece);
        }
    }
    let (Some(arn), Some((first, rest))) = (Arn::read(value), parts.split_first()) else {
        return Outcome::Differ;
    };
    if rest.len() != 5 || *first != plain("arn") {
        return Outcome::Differ;
    }
    let outcomes = rest.iter().zip(arn.parts()).map(|(part, value)| match resolve(part, context) {
        Resolved::Text(glyphs) => Truth::of(glob(&glyphs, value)),
        Resolved::NoValue => Truth::False,
        Resolved::Unknown(_, widest) if !glob(&widest, value) => Truth::False,
        Resolved::Unknown(keys, _) => Truth::Unknown(keys),
    });
    match Truth::all(outcomes) {
        Truth::True => Outcome::Match,
        Truth::False => Outcome::Differ,
        Truth::Unknown(keys) => Outcome::Unknown(keys),
    }
}

fn stands(order: Order, compared: Ordering) -> bool {
    match order {
        Order::Equal => compared.is_eq(),
        Order::Less => compared.is_lt(),
        Order::LessOrEqual => compared.is_le(),
        Order::Greater => compared.is_gt(),
        Order::GreaterOrEqual => compared.is_ge(),
    }
}

/// A number in digits, written so that two of them compare digit by digit.
#[derive(Debug)]
struct Number {
    negative: bool,
    /// Without leading noughts.
    whole: String,
    /// Without trailing noughts.
    fraction: String,
}

impl Number {
    fn compare(&self, other: &Self) -> Ordering {
        let size = |a: &Self, b: &Self| {
            a.whole
                .len()
                .cmp(&b.whole.len())
                .then_with(|| a.whole.cmp(&b.whole))
                .then_with(|| a.fraction.cmp(&b.fraction))
        };
        match (self.negative, other.negative) {
            (false, false) => size(self, other),
            (true, true) => size(other, self),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
        }
    }
}

/// An integer or decimal number; nothing else is one (PE-NUM-01).
fn number(text: &str) -> Option<Number> {
    let digits = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    if !digits(whole) || !digits(fraction) {
        return None;
    }
    let whole = whole.trim_start_matches('0').to_owned();
    let fraction = fraction.trim_end_matches('0').to_owned();
    let is_nought = whole.is_empty() && fraction.is_empty();
    Some(Number { negative: unsigned != text && !is_nought, whole, fraction })
}

/// Seconds since 1970: digits are that already (PE-DAT-03), all else is a date (PE-DAT-01).
fn instant(text: &str) -> Option<i128> {
    if !text.is_empty() && text.chars().all(|c| c.is_ascii_digit()) {
        return text.parse().ok();
    }
    let date = Date::read(text)?;
    date.has_written_form.then(|| date.seconds())
}

/// A date as read, each part in its range (PE-DAT-06); missing parts are their first instant and a
/// missing zone is UTC (PE-DAT-02). Fractions of a second are dropped (PE-DAT-07).
#[derive(Debug)]
struct Date {
    year: i128,
    month: i128,
    day: i128,
    hour: i128,
    minute: i128,
    second: i128,
    zone_minutes: i128,
    /// Four, two, two digits and so on, as the W3C profile writes dates.
    has_written_form: bool,
}

impl Date {
    fn read(text: &str) -> Option<Self> {
        let (day_part, time_part) = match text.split_once(['T', 't']) {
            Some((day, time)) => (day, Some(time)),
            None => (text, None),
        };
        let mut written = true;
        let mut part = |text: &str, width: usize, range: std::ops::RangeInclusive<i128>| -> Option<i128> {
            written &= text.len() == width;
            let plain = !text.is_empty() && text.len() <= 9 && text.chars().all(|c| c.is_ascii_digit());
            let number = if plain { text.parse().ok()? } else { return None };
            range.contains(&number).then_some(number)
        };
        let mut days = day_part.split('-');
        let year = part(days.next()?, 4, 0..=999_999_999)?;
        let month = days.next().map_or(Some(1), |text| part(text, 2, 1..=12))?;
        let day = days.next().map_or(Some(1), |text| part(text, 2, 1..=31))?;
        if days.next().is_some() {
            return None;
        }
        let time_part = time_part.unwrap_or_default();
        let (clock, zone) = match time_part.find(['Z', 'z', '+', '-']) {
            Some(at) => time_part.split_at_checked(at)?,
            None => (time_part, ""),
        };
        let mut zone_minutes = 0;
        if let Some(sign) = zone.chars().next()
            && !matches!(zone, "Z" | "z")
        {
            let (hours, minutes) = zone.get(1..)?.split_once(':').unwrap_or((zone.get(1..)?, "00"));
            if hours.len() != 2 || minutes.len() != 2 {
                return None; // a one-digit offset is refused (PE-DAT-06)
            }
            zone_minutes = part(hours, 2, 0..=23)? * 60 + part(minutes, 2, 0..=59)?;
            if sign == '-' {
                zone_minutes = -zone_minutes;
            }
        }
        let (mut hour, mut minute, mut second) = (0, 0, 0);
        if !clock.is_empty() {
            let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
            if fraction.is_empty() || fraction.len() > 9 || !fraction.chars().all(|c| c.is_ascii_digit()) {
                return None;
            }
            let mut clock = clock.split(':');
            hour = part(clock.next()?, 2, 0..=23)?;
            minute = clock.next().map_or(Some(0), |text| part(text, 2, 0..=59))?;
            second = clock.next().map_or(Some(0), |text| part(text, 2, 0..=59))?;
            if clock.next().is_some() {
                return None;
            }
        }
        Some(Self { year, month, day, hour, minute, second, zone_minutes, has_written_form: written })
    }

    fn seconds(&self) -> i128 {
        let leap = |year: i128| (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
        // Years are four digits here, so counting them one by one is quick enough.
        let mut days: i128 = (1970..self.year).map(|year| if leap(year) { 366 } else { 365 }).sum();
        days -= (self.year..1970).map(|year| if leap(year) { 366 } else { 365 }).sum::<i128>();
        let february = if leap(self.year) { 29 } else { 28 };
        let months = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
        days += months.iter().zip(1..self.month).map(|(days, _)| days).sum::<i128>();
        days += self.day - 1;
        ((days * 24 + self.hour) * 60 + self.minute - self.zone_minutes) * 60 + self.second
    }
}

/// Tells whether IAM stores this text as a date (PE-DAT-06, POL-40).
pub(crate) fn is_stored_date(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit()) {
        return text.parse::<i64>().is_ok();
    }
    Date::read(text).is_some()
}

/// Tells whether an address lies in a range. Host bits of the range do not count (PE-IP-02) and the
/// two families never match each other (PE-IP-04).
fn in_range(value: &str, entry: &str) -> bool {
    let (base, length) = match entry.split_once('/') {
        Some((base, length)) => (base, length.parse::<u32>().ok()),
        None => (entry, Some(u32::MAX)), // one address (PE-IP-01)
    };
    let (Ok(value), Ok(base), Some(length)) = (value.parse::<IpAddr>(), base.parse::<IpAddr>(), length)
    else {
        return false;
    };
    let (value, base, width) = match (value, base) {
        (IpAddr::V4(value), IpAddr::V4(base)) => {
            (u128::from(value.to_bits()), u128::from(base.to_bits()), 32)
        }
        (IpAddr::V6(value), IpAddr::V6(base)) => (value.to_bits(), base.to_bits(), 128),
        _ => return false,
    };
    let length = if length == u32::MAX { width } else { length };
    length <= width && (length == 0 || value >> (width - length) == base >> (width - length))
}

/// Decodes base64 with its padding.
fn base64(text: &str) -> Option<Vec<u8>> {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    if !text.len().is_multiple_of(4) {
        return None;
    }
    let unpadded = text.trim_end_matches('=');
    if text.len() - unpadded.len() > 2 {
        return None;
    }
    let mut bits: u32 = 0;
    let mut count = 0;
    let mut bytes = Vec::new();
    for c in unpadded.chars() {
        bits = bits << 6 | u32::try_from(ALPHABET.find(c)?).ok()?;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from(bits >> count & 0xff).ok()?);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[track_caller]
    fn check(operator: &str, values: &Value, held: Option<Value>, expected: bool) {
        check_truth(operator, values, held, &Truth::of(expected));
    }

    #[track_caller]
    fn check_truth(operator: &str, values: &Value, held: Option<Value>, expected: &Truth) {
        let mut context = json!({"a": "1"});
        let mut unknown = json!([]);
        match held {
            Some(Value::Null) => unknown = json!(["k"]),
            Some(value) => context["k"] = value,
            None => {}
        }
        let context = Context::read(&context, Some(&unknown)).unwrap();
        let values = match values {
            Value::Array(items) => items.clone(),
            value => vec![value.clone()],
        };
        let condition = Condition {
            operator: Operator::read(operator).unwrap(),
            key: "K".to_owned(),
            values: values.iter().map(|v| v.as_str().unwrap().to_owned()).collect(),
        };
        assert_eq!(holds(&condition, true, &context), *expected, "{operator} {values:?} on {context:?}");
    }

    #[test]
    fn a_missing_key_fails_positive_and_passes_negated_operators() {
        check("StringEquals", &json!("a"), None, false); // PE-MIS-01
        check("StringNotEquals", &json!("a"), None, true); // PE-MIS-02
        check("NumericLessThanIfExists", &json!("1"), None, true); // PE-MIS-03
        check("ForAllValues:StringNotEquals", &json!("a"), None, true); // PE-MIS-05
        check("ForAnyValue:StringNotEquals", &json!("a"), None, false); // PE-MIS-06
        check("ForAnyValue:StringEqualsIfExists", &json!("a"), None, false); // PE-MIS-09
    }

    #[test]
    fn an_empty_value_is_null_for_null_and_sets_but_text_for_strings() {
        check("Null", &json!("true"), Some(json!("")), true); // PE-MIS-10
        check("Null", &json!("false"), Some(json!([])), false); // PE-MIS-10
        check("ForAllValues:StringEquals", &json!("a"), Some(json!("")), true); // PE-MIS-10
        check("ForAnyValue:StringEquals", &json!(""), Some(json!("")), false); // PE-MIS-10
        check("StringEquals", &json!(""), Some(json!("")), true); // PE-MIS-10
        check("StringLike", &json!("*"), Some(json!("")), true); // PE-STR-04
    }

    #[test]
    fn set_operators_look_at_each_value() {
        let both = || Some(json!(["a", "b"]));
        check("ForAllValues:StringNotEquals", &json!(["a"]), both(), false); // PE-SET-04
        check("ForAnyValue:StringNotEquals", &json!(["a"]), both(), true); // PE-SET-04
        check("ForAllValues:StringEquals", &json!(["a"]), both(), false); // PE-SET-02
        check("ForAnyValue:StringEquals", &json!(["a"]), both(), true); // PE-SET-03
        check("StringEquals", &json!("a"), Some(json!(["a"])), false); // PE-SET-06
        check("StringNotEqualsIfExists", &json!("b"), Some(json!(["a"])), false); // PE-SET-06
        check("ForAllValues:Null", &json!("true"), both(), true); // PE-SET-07
        check("ForAnyValue:Null", &json!("true"), None, false); // PE-SET-07
    }

    #[test]
    fn an_empty_list_of_values_matches_by_rule() {
        check("StringEquals", &json!([]), Some(json!("a")), false); // PE-CND-14
        check("StringNotEquals", &json!([]), Some(json!("a")), true); // PE-CND-14
        check("StringEqualsIfExists", &json!([]), Some(json!("a")), false); // PE-CND-14
        check("StringEqualsIfExists", &json!([]), None, true); // PE-CND-14
        check("ForAllValues:StringEquals", &json!([]), Some(json!(["a"])), false); // PE-CND-14
        check("ForAllValues:StringEquals", &json!([]), Some(json!([])), true); // PE-CND-14
    }

    #[test]
    fn an_unknown_key_leaves_only_fixed_answers() {
        let unknown = || Some(Value::Null);
        check_truth("StringEquals", &json!("a"), unknown(), &Truth::unknown("k"));
        check("ForAllValues:Null", &json!("true"), unknown(), true); // PE-SET-07
        check("ForAnyValue:Null", &json!("true"), unknown(), false); // PE-SET-07
        check("Null", &json!(["true", "false"]), unknown(), true); // PE-NUL-01
    }

    #[test]
    fn numbers_compare_as_numbers_and_text_as_neither() {
        check("NumericGreaterThan", &json!("9"), Some(json!("10")), true); // PE-NUM-01
        check("NumericEquals", &json!("1"), Some(json!("1.0")), true); // PE-NUM-01
        check("NumericEquals", &json!("10"), Some(json!("10abc")), false); // PE-NUM-03
        check("NumericNotEquals", &json!("10"), Some(json!("10abc")), false); // PE-NUM-03
        check("NumericEquals", &json!("0"), Some(json!("-0")), true); // PE-NUM-01
        check("NumericEquals", &json!("9007199254740993"), Some(json!("9007199254740992")), false); // PE-NUM-01
        check("NumericLessThan", &json!("-1.5"), Some(json!("-1.75")), true); // PE-NUM-01
        check("NumericGreaterThan", &json!("1.5"), Some(json!("1.25")), false); // PE-NUM-01
    }

    #[test]
    fn dates_compare_as_instants() {
        let at = |text: &str| Some(json!(text));
        check("DateEquals", &json!("1704067200"), at("2024-01-01T00:00:00Z"), true); // PE-DAT-04
        check("DateEquals", &json!("2024-01-01T01:00:00+01:00"), at("2024-01-01"), true); // PE-DAT-01
        check("DateEquals", &json!("2024-01"), at("2024-01-01T00:00:00.9Z"), true); // PE-DAT-02, -07
        check("DateLessThan", &json!("2024"), at("1970-01-01T00:30:00Z"), true); // PE-DAT-03
        check("DateEquals", &json!("1969-12-31T23:59:59Z"), at("1970-01-01T00:00:00Z"), false);
        check("DateEquals", &json!("951782400"), at("2000-02-29"), true);
    }

    #[test]
    fn stored_dates_are_what_iam_was_seen_to_accept() {
        for yes in ["01T", "2016-12-13t2:00:00.593194+23", "-292275054", "2024", "2024-05-01T10:00Z"] {
            assert!(is_stored_date(yes), "{yes}"); // POL-40
        }
        for no in ["234-13", "2016-12-13t2:00:00.593194+1", "2016-12-13t2:00:00.1999999999+10:59"] {
            assert!(!is_stored_date(no), "{no}"); // POL-40
        }
        assert!(!is_stored_date("9223372036854775808")); // POL-12
        assert!(is_stored_date("9223372036854775807")); // POL-12
    }

    #[test]
    fn addresses_compare_by_bits_and_family() {
        check("IpAddress", &json!("203.0.113.7/24"), Some(json!("203.0.113.200")), true); // PE-IP-02
        check("IpAddress", &json!("2001:DB8::1"), Some(json!("2001:0db8:0:0::1")), true); // PE-IP-03
        check("NotIpAddress", &json!("203.0.113.0/24"), Some(json!("2001:db8::1")), true); // PE-IP-04
        check("IpAddress", &json!("0.0.0.0/0"), Some(json!("::ffff:1.2.3.4")), false); // PE-IP-04
    }

    #[test]
    fn arns_compare_part_by_part() {
        let tail = "arn:aws:x:us-east-2:999999999999:store/abc:111122223333:finance/d";
        let pattern = "arn:aws:x:*:111122223333:finance/*";
        check("ArnLike", &json!(pattern), Some(json!(tail)), false); // PE-ARN-02
        check("StringLike", &json!(pattern), Some(json!(tail)), true); // PE-STR-05
        check("ArnEquals", &json!("arn:*:*:*:*:*"), Some(json!(tail)), true); // PE-ARN-01
        check("ArnLike", &json!("*"), Some(json!(tail)), false); // PE-ARN-03
        check("ArnNotLike", &json!("*"), Some(json!(tail)), true); // PE-ARN-04
        check("ArnLike", &json!("arn:aws:x::${a}:r"), Some(json!("arn:aws:x::1:r")), true); // PE-VAR-02
    }

    #[test]
    fn a_variable_without_value_differs_from_everything() {
        check("StringEquals", &json!("${none}"), Some(json!("")), false); // PE-VAR-07
        check("StringNotEquals", &json!("${none}"), Some(json!("x")), true); // PE-VAR-07
        check("StringNotLike", &json!(["${none}", "x"]), Some(json!("x")), false); // PE-VAR-08
        check("Bool", &json!("${a}"), Some(json!("1")), false); // PE-BOO-03
        check("StringEquals", &json!("a${*}"), Some(json!("a*")), true); // PE-VAR-05
    }

    #[test]
    fn binary_values_compare_decoded() {
        check("BinaryEquals", &json!("QQ=="), Some(json!("QQ==")), true); // PE-BIN-01
        check("BinaryEquals", &json!("QQ=="), Some(json!("QUI=")), false); // PE-BIN-01
        assert_eq!(base64("aGVsbG8="), Some(b"hello".to_vec()));
    }
}
