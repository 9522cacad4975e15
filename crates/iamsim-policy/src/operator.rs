//! Condition operators: one table of comparisons, and the grammar of a full name (PE-CND-06):
//! `[ForAllValues:|ForAnyValue:]Comparison[IfExists]`.

use std::fmt;

/// What kind of values a comparison compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the policy grammar has these families")]
pub enum Family {
    /// Text (PE-STR).
    String,
    /// Numbers (PE-NUM).
    Numeric,
    /// Instants (PE-DAT).
    Date,
    /// `true` and `false` (PE-BOO).
    Bool,
    /// Base64 bytes (PE-BIN).
    Binary,
    /// IP addresses and ranges (PE-IP).
    Ip,
    /// ARNs, part by part (PE-ARN).
    Arn,
    /// Whether a key is there at all (PE-NUL).
    Null,
}

macro_rules! comparisons {
    ($($variant:ident $family:ident $negated:literal,)+) => {
        /// The base of an operator's name, without set qualifier and `IfExists`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[expect(clippy::exhaustive_enums, reason = "the policy grammar has these operators")]
        #[expect(missing_docs, reason = "each is AWS's operator of the same name")]
        pub enum Comparison {
            $($variant,)+
        }

        impl Comparison {
            /// Every comparison, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// AWS's name of the operator.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => stringify!($variant),)+
                }
            }

            /// What it compares.
            #[inline]
            pub const fn family(self) -> Family {
                match self {
                    $(Self::$variant => Family::$family,)+
                }
            }

            /// Whether it holds when the value is *not* among those listed, and so also when the key is
            /// missing (PE-MIS-02).
            #[inline]
            pub const fn is_negated(self) -> bool {
                match self {
                    $(Self::$variant => $negated,)+
                }
            }
        }
    };
}

comparisons! {
    StringEquals String false,
    StringNotEquals String true,
    StringEqualsIgnoreCase String false,
    StringNotEqualsIgnoreCase String true,
    StringLike String false,
    StringNotLike String true,
    NumericEquals Numeric false,
    NumericNotEquals Numeric true,
    NumericLessThan Numeric false,
    NumericLessThanEquals Numeric false,
    NumericGreaterThan Numeric false,
    NumericGreaterThanEquals Numeric false,
    DateEquals Date false,
    DateNotEquals Date true,
    DateLessThan Date false,
    DateLessThanEquals Date false,
    DateGreaterThan Date false,
    DateGreaterThanEquals Date false,
    Bool Bool false,
    BinaryEquals Binary false,
    IpAddress Ip false,
    NotIpAddress Ip true,
    ArnEquals Arn false,
    ArnNotEquals Arn true,
    ArnLike Arn false,
    ArnNotLike Arn true,
    Null Null false,
}

impl Comparison {
    /// Whether `*` and `?` in a listed value are wildcards (PE-STR-01, PE-STR-03, PE-ARN-01).
    pub const fn has_wildcards(self) -> bool {
        matches!(self, Self::StringLike | Self::StringNotLike) || matches!(self.family(), Family::Arn)
    }

    /// Whether policy variables in a listed value are filled in: string and ARN operators only (PE-VAR-02;
    /// not `Bool`, PE-BOO-03).
    pub const fn has_variables(self) -> bool {
        matches!(self.family(), Family::String | Family::Arn)
    }
}

/// How an operator treats a key with several values (PE-SET).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the policy grammar has these two")]
pub enum SetQualifier {
    /// `ForAllValues:`: every value of the request must satisfy the comparison.
    ForAllValues,
    /// `ForAnyValue:`: at least one must.
    ForAnyValue,
}

impl SetQualifier {
    /// The qualifier's name, without the colon.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ForAllValues => "ForAllValues",
            Self::ForAnyValue => "ForAnyValue",
        }
    }
}

/// A condition operator.
///
/// ```
/// use iamsim_policy::{Comparison, Operator, SetQualifier};
///
/// let operator = Operator::parse("ForAnyValue:StringLikeIfExists").unwrap();
/// assert_eq!(operator.comparison, Comparison::StringLike);
/// assert_eq!(operator.qualifier, Some(SetQualifier::ForAnyValue));
/// assert!(operator.if_exists);
/// assert!(Operator::parse("StringEqual").is_none());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_structs, reason = "the grammar of an operator's name has these three parts")]
pub struct Operator {
    /// How several values of the request are treated.
    pub qualifier: Option<SetQualifier>,
    /// The comparison itself.
    pub comparison: Comparison,
    /// Whether a missing key satisfies the operator (PE-MIS-03).
    pub if_exists: bool,
}

impl Operator {
    /// Reads a full name, spelled exactly (PE-CND-05). `NullIfExists` is no operator (PE-CND-06).
    pub fn parse(name: &str) -> Option<Self> {
        Self::parse_as(name, |written, name| written == name)
    }

    /// Reads a full name whatever the case of its letters: a stored document may hold such a name, a new
    /// one may not (PE-CND-05).
    pub fn parse_any_case(name: &str) -> Option<Self> {
        Self::parse_as(name, str::eq_ignore_ascii_case)
    }

    fn parse_as(name: &str, same: fn(&str, &str) -> bool) -> Option<Self> {
        const IF_EXISTS: &str = "IfExists";
        let (qualifier, rest) = match name.split_once(':') {
            Some((qualifier, rest)) => {
                let all = [SetQualifier::ForAllValues, SetQualifier::ForAnyValue];
                (Some(all.into_iter().find(|known| same(qualifier, known.as_str()))?), rest)
            }
            None => (None, name),
        };
        let (base, if_exists) = match rest.split_at_checked(rest.len().saturating_sub(IF_EXISTS.len())) {
            Some((base, suffix)) if same(suffix, IF_EXISTS) => (base, true),
            _ => (rest, false),
        };
        let comparison = Comparison::ALL.iter().copied().find(|known| same(base, known.as_str()))?;
        if if_exists && comparison == Comparison::Null {
            return None;
        }
        Some(Self { qualifier, comparison, if_exists })
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(qualifier) = self.qualifier {
            write!(f, "{}:", qualifier.as_str())?;
        }
        f.write_str(self.comparison.as_str())?;
        if self.if_exists {
            f.write_str("IfExists")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_read_and_printed_alike() {
        for comparison in Comparison::ALL {
            for prefix in ["", "ForAllValues:", "ForAnyValue:"] {
                for suffix in ["", "IfExists"] {
                    let name = format!("{prefix}{}{suffix}", comparison.as_str());
                    let operator = Operator::parse(&name);
                    if *comparison == Comparison::Null && suffix == "IfExists" {
                        assert!(operator.is_none(), "{name}");
                    } else {
                        assert_eq!(operator.unwrap().to_string(), name);
                    }
                }
            }
        }
    }

    #[test]
    fn names_are_spelled_exactly() {
        for name in
            ["stringEquals", "StringEqualsifexists", "ForAllValues::StringLike", "IfExists", "", "a:Null"]
        {
            assert!(Operator::parse(name).is_none(), "{name}");
        }
        let stored = Operator::parse_any_case("forallvalues:STRINGLIKEIFEXISTS").unwrap();
        assert_eq!(stored.to_string(), "ForAllValues:StringLikeIfExists");
        for name in ["nullIfExists", "é", "IfExistsé", "For:Bool"] {
            assert!(Operator::parse_any_case(name).is_none(), "{name}");
        }
    }
}
