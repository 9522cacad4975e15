//! Conditions: one function an operator family, and the rules for missing, unknown and several values
//! (PE-CND, PE-MIS, PE-SET).

use iamsim_policy::wildcard::{Token, matches_tokens};
use iamsim_policy::{ARN_PARTS, Comparison, Condition, Family, Operator, Piece, SetQualifier};

use crate::context::{Context, ContextValue, Found, Value};
use crate::hash::hash;
use crate::program::{CompiledCondition, Operand};
use crate::truth::Truth;
use crate::value;
use crate::variable::{self, Filling, filled, unknown_if};

/// Whether `NumericNotEquals` and `DateNotEquals` hold when either side can't be read. Low confidence
/// (PE-NUM-03; dates go "as for Numeric", PE-DAT-01).
const UNREADABLE_IS_NOT_EQUAL: bool = false;
/// Whether `ArnNotEquals` and `ArnNotLike` hold when either side is no ARN. Low confidence (PE-ARN-04).
const NOT_AN_ARN_IS_NOT_LIKE: bool = true;
/// Whether `ForAnyValue:…IfExists` holds for a missing key. Low confidence (PE-MIS-09).
const FOR_ANY_VALUE_IF_EXISTS_WITHOUT_KEY: bool = false;
/// What a plain operator on an empty list of values is, positive and negated. Low confidence (PE-CND-14).
const EMPTY_LIST: (bool, bool) = (false, true);

/// Why a condition holds, does not hold, or can't be told. The closed list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ConditionReason {
    /// The request's value is among those listed.
    Listed,
    /// The request's value is not among those listed.
    NotListed,
    /// The key is not in the request (PE-MIS-01, PE-MIS-02).
    KeyAbsent,
    /// The key is not in the request, and the operator ends in `IfExists` (PE-MIS-03).
    AbsentIfExists,
    /// The key is there, and `Null` asks about that.
    KeyPresent,
    /// A multivalued key needs `ForAllValues:` or `ForAnyValue:` (PE-SET-06).
    NeedsSetQualifier,
    /// The key is not in the request or has no values, so `ForAllValues:` holds (PE-MIS-05).
    NoValuesForAll,
    /// The key is not in the request or has no values, so `ForAnyValue:` fails (PE-MIS-06).
    NoValuesForAny,
    /// Every value of the request passes.
    AllValuesPass,
    /// One value of the request does not pass.
    SomeValueFails,
    /// At least one value of the request passes.
    SomeValuePasses,
    /// No value of the request passes.
    AllValuesFail,
    /// The policy lists no values (PE-CND-14).
    NothingListed,
    /// The request's value is not of the operator's type (PE-TYP-20).
    NotOfType,
    /// A set qualifier makes `Null` say the same for every request (PE-SET-07).
    NullWithQualifier,
    /// The value of the key is not known.
    KeyUnknown,
    /// The value of a policy variable is not known.
    VariableUnknown,
}

impl ConditionReason {
    /// A stable name, in kebab case.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Listed => "listed",
            Self::NotListed => "not-listed",
            Self::KeyAbsent => "key-absent",
            Self::AbsentIfExists => "absent-if-exists",
            Self::KeyPresent => "key-present",
            Self::NeedsSetQualifier => "needs-set-qualifier",
            Self::NoValuesForAll => "no-values-for-all",
            Self::NoValuesForAny => "no-values-for-any",
            Self::AllValuesPass => "all-values-pass",
            Self::SomeValueFails => "some-value-fails",
            Self::SomeValuePasses => "some-value-passes",
            Self::AllValuesFail => "all-values-fail",
            Self::NothingListed => "nothing-listed",
            Self::NotOfType => "not-of-type",
            Self::NullWithQualifier => "null-with-qualifier",
            Self::KeyUnknown => "key-unknown",
            Self::VariableUnknown => "variable-unknown",
        }
    }
}

/// Whether a condition holds, and why.
#[inline]
pub(crate) fn condition(
    condition: &Condition,
    compiled: &CompiledCondition,
    context: &Context,
) -> (Truth, ConditionReason) {
    let found = context.find(compiled.key_hash, condition.key().folded());
    if compiled.compares_text
        && let ContextValue::One(value) = found.value
    {
        let is_it = |listed: &Operand| matches!(listed, Operand::Text(text) if **text == **value);
        let listed = compiled.operands.iter().any(is_it);
        let holds = listed != condition.operator().comparison.is_negated();
        return (holds.into(), if listed { ConditionReason::Listed } else { ConditionReason::NotListed });
    }
    judged(condition, &compiled.operands, found, context)
}

/// Whether a condition holds for what is supposed to be under its key, and why; variables come from the
/// context.
pub(crate) fn judge(
    condition: &Condition,
    operands: &[Operand],
    supposed: &ContextValue,
    context: &Context,
) -> (Truth, ConditionReason) {
    judged(condition, operands, Found::alone(supposed), context)
}

#[inline]
fn judged(
    condition: &Condition,
    operands: &[Operand],
    found: Found<'_>,
    context: &Context,
) -> (Truth, ConditionReason) {
    let operator = condition.operator();
    if operator.comparison == Comparison::Null {
        return null(operator, operands, found.value);
    }
    let test = Test { comparison: operator.comparison, operands, context };
    match operator.qualifier {
        None => single(operator, &test, found),
        Some(SetQualifier::ForAllValues) => for_all_values(operator, &test, found),
        Some(SetQualifier::ForAnyValue) => for_any_value(operator, &test, found),
    }
}

/// What is known of a condition's key.
fn found<'c>(condition: &Condition, context: &'c Context) -> Found<'c> {
    let folded = condition.key().folded();
    context.find(hash(folded), folded)
}

/// The values of the request of which the listed ones leave it open if they satisfy the comparison: a
/// variable is unknown, and nothing else decides.
pub(crate) fn open_values<'c>(
    condition: &Condition,
    operands: &[Operand],
    context: &'c Context,
) -> Vec<&'c str> {
    let test = Test { comparison: condition.operator().comparison, operands, context };
    let values = found(condition, context).values();
    values.filter(|value| test.value(*value).0.is_unknown()).map(|value| value.text).collect()
}

/// Whether a listed value alone leaves it open if a value of the request satisfies the comparison.
pub(crate) fn is_open(condition: &Condition, operand: &Operand, value: &str, context: &Context) -> bool {
    alone(condition, operand, value, context).0.is_unknown()
}

/// The first listed value that a value of the request matches, the operator's negation aside.
pub(crate) fn matching(
    condition: &Condition,
    operands: &[Operand],
    value: &str,
    context: &Context,
) -> Option<usize> {
    let wanted = Truth::from(!condition.operator().comparison.is_negated());
    operands.iter().position(|operand| {
        let (holds, reason) = alone(condition, operand, value, context);
        reason != ConditionReason::NotOfType && holds == wanted
    })
}

/// Whether a value satisfies the comparison with one listed value.
fn alone(
    condition: &Condition,
    operand: &Operand,
    value: &str,
    context: &Context,
) -> (Truth, ConditionReason) {
    let comparison = condition.operator().comparison;
    Test { comparison, operands: std::slice::from_ref(operand), context }.value(Value::alone(value))
}

/// The first value of the request that the comparison holds for, or does not.
pub(crate) fn first_value<'c>(
    condition: &Condition,
    operands: &[Operand],
    context: &'c Context,
    holds: Truth,
) -> Option<&'c str> {
    let test = Test { comparison: condition.operator().comparison, operands, context };
    let mut values = found(condition, context).values();
    values.find(|value| test.value(*value).0 == holds).map(|value| value.text)
}

/// `Null` (PE-NUL-01, PE-MIS-04); with a set qualifier it is a constant (PE-SET-07).
fn null(operator: Operator, operands: &[Operand], found: &ContextValue) -> (Truth, ConditionReason) {
    match operator.qualifier {
        Some(SetQualifier::ForAllValues) => return (Truth::True, ConditionReason::NullWithQualifier),
        Some(SetQualifier::ForAnyValue) => return (Truth::False, ConditionReason::NullWithQualifier),
        None => {}
    }
    let asks = |wanted: bool| {
        operands.iter().any(|operand| matches!(operand, Operand::Truth(listed) if *listed == wanted))
    };
    match (asks(true), asks(false), found.is_null()) {
        (false, false, _) => (Truth::False, ConditionReason::NothingListed),
        (true, true, _) => (Truth::True, ConditionReason::Listed),
        (_, _, None) => (Truth::Unknown, ConditionReason::KeyUnknown),
        (when_null, _, Some(true)) => (when_null.into(), ConditionReason::KeyAbsent),
        (_, when_present, Some(false)) => (when_present.into(), ConditionReason::KeyPresent),
    }
}

/// An operator without set qualifier: for single-valued keys.
#[inline]
fn single(operator: Operator, test: &Test<'_>, found: Found<'_>) -> (Truth, ConditionReason) {
    let negated = operator.comparison.is_negated();
    match found.value {
        ContextValue::Absent if operator.if_exists => (Truth::True, ConditionReason::AbsentIfExists),
        ContextValue::Absent => (negated.into(), ConditionReason::KeyAbsent),
        // Absent, single-valued and multivalued come to the same (PE-CND-14, PE-SET-06); a negated operator
        // holds for the first two only.
        ContextValue::Unknown
            if test.operands.is_empty() && !operator.if_exists && !negated && !EMPTY_LIST.0 =>
        {
            (Truth::False, ConditionReason::NothingListed)
        }
        ContextValue::Unknown => (Truth::Unknown, ConditionReason::KeyUnknown),
        ContextValue::Many(_) => (Truth::False, ConditionReason::NeedsSetQualifier),
        ContextValue::One(_) if test.operands.is_empty() => {
            let (positive, negative) = EMPTY_LIST;
            let holds = !operator.if_exists && if negated { negative } else { positive };
            (holds.into(), ConditionReason::NothingListed)
        }
        ContextValue::One(value) => test.value(found.one(value)),
    }
}

/// `ForAllValues:` (PE-SET-02): true without values; `IfExists` adds nothing.
fn for_all_values(operator: Operator, test: &Test<'_>, found: Found<'_>) -> (Truth, ConditionReason) {
    let _ = operator;
    if *found.value == ContextValue::Unknown {
        return (Truth::Unknown, ConditionReason::KeyUnknown);
    }
    if found.value.is_null() == Some(true) {
        return (Truth::True, ConditionReason::NoValuesForAll);
    }
    if test.operands.is_empty() {
        return (Truth::False, ConditionReason::NothingListed);
    }
    match Truth::all(found.values().map(|value| test.value(value).0)) {
        Truth::True => (Truth::True, ConditionReason::AllValuesPass),
        Truth::False => (Truth::False, ConditionReason::SomeValueFails),
        Truth::Unknown => (Truth::Unknown, ConditionReason::VariableUnknown),
    }
}

/// `ForAnyValue:` (PE-SET-03): false without values, with or without `IfExists` (PE-MIS-09).
fn for_any_value(operator: Operator, test: &Test<'_>, found: Found<'_>) -> (Truth, ConditionReason) {
    let without_key = operator.if_exists && FOR_ANY_VALUE_IF_EXISTS_WITHOUT_KEY;
    if test.operands.is_empty() && !without_key {
        return (Truth::False, ConditionReason::NothingListed);
    }
    if *found.value == ContextValue::Unknown {
        return (Truth::Unknown, ConditionReason::KeyUnknown);
    }
    if *found.value == ContextValue::Absent && without_key {
        return (Truth::True, ConditionReason::AbsentIfExists);
    }
    if found.value.is_null() == Some(true) {
        return (Truth::False, ConditionReason::NoValuesForAny);
    }
    match Truth::any(found.values().map(|value| test.value(value).0)) {
        Truth::True => (Truth::True, ConditionReason::SomeValuePasses),
        Truth::False => (Truth::False, ConditionReason::AllValuesFail),
        Truth::Unknown => (Truth::Unknown, ConditionReason::VariableUnknown),
    }
}

/// One comparison against the listed values.
struct Test<'a> {
    comparison: Comparison,
    operands: &'a [Operand],
    context: &'a Context,
}

impl Test<'_> {
    /// Whether one value of the request satisfies the comparison: any listed value for a positive operator,
    /// none for a negated one (PE-CND-01).
    fn value(&self, value: Value<'_>) -> (Truth, ConditionReason) {
        let negated = self.comparison.is_negated();
        let matched = match self.comparison.family() {
            Family::String => self.string(value.text),
            Family::Numeric | Family::Date => match self.ordered(value) {
                Some(matched) => matched,
                None => return ((negated && UNREADABLE_IS_NOT_EQUAL).into(), ConditionReason::NotOfType),
            },
            Family::Bool => self.typed(
                value::truth_value(value.text),
                |listed, found| matches!(listed, Operand::Truth(listed) if listed == found),
            ),
            Family::Binary => self.typed(
                Some(value.text),
                |listed, found| matches!(listed, Operand::Bytes(listed) if **listed == **found),
            ),
            Family::Ip => self.typed(
                value.address(),
                |listed, found| matches!(listed, Operand::Range(listed) if listed.contains(found)),
            ),
            Family::Arn => match self.arn(value.text) {
                Some(matched) => matched,
                None => return ((negated && NOT_AN_ARN_IS_NOT_LIKE).into(), ConditionReason::NotOfType),
            },
            // `Null` is judged before any value is looked at.
            Family::Null => Truth::False,
        };
        let reason = match matched {
            Truth::True => ConditionReason::Listed,
            Truth::False => ConditionReason::NotListed,
            Truth::Unknown => ConditionReason::VariableUnknown,
        };
        (if negated { !matched } else { matched }, reason)
    }

    fn typed<V>(&self, found: Option<V>, matches: impl Fn(&Operand, &V) -> bool) -> Truth {
        found.is_some_and(|found| self.operands.iter().any(|listed| matches(listed, &found))).into()
    }

    fn string(&self, value: &str) -> Truth {
        let ignore_case = matches!(
            self.comparison,
            Comparison::StringEqualsIgnoreCase | Comparison::StringNotEqualsIgnoreCase
        );
        let equal = |text: &str| if ignore_case { text.eq_ignore_ascii_case(value) } else { text == value };
        Truth::any(self.operands.iter().map(|listed| match listed {
            Operand::Text(text) => equal(text).into(),
            Operand::Pieces(pieces) if ignore_case => equal_but_for_case(pieces, value, self.context),
            Operand::Pieces(pieces) => variable::matches(pieces, value, self.context),
            _ => Truth::False,
        }))
    }

    /// None when the request's value can't be read, or when a negated operator lists something that can't.
    fn ordered(&self, value: Value<'_>) -> Option<Truth> {
        let is_numeric = self.comparison.family() == Family::Numeric;
        let number = if is_numeric { Some(value.number()?) } else { None };
        let instant = if is_numeric { None } else { Some(value.instant()?) };
        let unreadable = |listed: &Operand| matches!(listed, Operand::Unreadable);
        if self.comparison.is_negated() && self.operands.iter().any(unreadable) {
            return None;
        }
        let holds = |listed: &Operand| {
            let order = match listed {
                Operand::Number(text, listed) => number.map(|found| found.cmp(&listed.of_text(text))),
                Operand::Instant(listed) => instant.map(|found| found.cmp(listed)),
                _ => None,
            };
            order.is_some_and(|found_to_listed| ordering_holds(self.comparison, found_to_listed))
        };
        Some(self.operands.iter().any(holds).into())
    }

    /// None when the request's value is no ARN.
    fn arn(&self, value: &str) -> Option<Truth> {
        let found = six_parts(value)?;
        Some(Truth::any(self.operands.iter().map(|listed| match listed {
            Operand::ArnParts(parts) => Truth::all(
                parts.iter().zip(&found).map(|(part, found)| part_matches(part, found, self.context)),
            ),
            _ => Truth::False,
        })))
    }
}

/// Whether one part of an ARN pattern matches the same part of a value.
fn part_matches(part: &[Piece], found: &str, context: &Context) -> Truth {
    match part {
        [Piece::Run] => Truth::True,
        [Piece::Text(text)] => (**text == *found).into(),
        _ => variable::matches(part, found, context),
    }
}

/// The parts of a value that an ARN operator compares (PE-ARN-02); none unless there are six and it begins
/// with `arn` (PE-ARN-03).
fn six_parts(value: &str) -> Option<[&str; ARN_PARTS]> {
    let mut parts = [""; ARN_PARTS];
    let mut count = 0;
    for (part, found) in parts.iter_mut().zip(value.splitn(ARN_PARTS, ':')) {
        *part = found;
        count += 1;
    }
    (count == ARN_PARTS && parts.first() == Some(&"arn")).then_some(parts)
}

/// Whether a text with variables and without wildcards equals a value, case aside.
fn equal_but_for_case(pieces: &[Piece], value: &str, context: &Context) -> Truth {
    match variable::filling(pieces, context) {
        Filling::NoValue => Truth::False,
        Filling::Known => {
            let mut rest = value;
            let equal = pieces.iter().all(|piece| {
                let Token::Text(text) = filled(piece, context) else { return false };
                let Some((here, after)) = rest.split_at_checked(text.len()) else { return false };
                rest = after;
                here.eq_ignore_ascii_case(text)
            });
            (equal && rest.is_empty()).into()
        }
        // What an unknown variable holds may begin anywhere, so both sides are folded.
        Filling::Unknown => {
            let fold = |piece| match filled(piece, context) {
                Token::Text(text) => Some(text.to_ascii_lowercase()),
                Token::One | Token::Run => None,
            };
            let folded: Vec<Option<String>> = pieces.iter().map(fold).collect();
            let tokens: Vec<Token<'_>> =
                folded.iter().map(|text| text.as_deref().map_or(Token::Run, Token::Text)).collect();
            unknown_if(matches_tokens(&tokens, &value.to_ascii_lowercase()))
        }
    }
}

/// Whether the order of the request's value to the listed one satisfies an ordering or equality. Negated
/// operators ask for equality and are turned round by the caller.
fn ordering_holds(comparison: Comparison, found_to_listed: std::cmp::Ordering) -> bool {
    match comparison {
        Comparison::NumericLessThan | Comparison::DateLessThan => found_to_listed.is_lt(),
        Comparison::NumericLessThanEquals | Comparison::DateLessThanEquals => found_to_listed.is_le(),
        Comparison::NumericGreaterThan | Comparison::DateGreaterThan => found_to_listed.is_gt(),
        Comparison::NumericGreaterThanEquals | Comparison::DateGreaterThanEquals => found_to_listed.is_ge(),
        _ => found_to_listed.is_eq(),
    }
}
