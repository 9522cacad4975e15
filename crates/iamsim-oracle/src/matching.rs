//! Wildcards, actions and resources: does an entry of a policy cover the request's action or ARN?
//!
//! It does not know effects, principals or conditions, nor what actions and resources exist.

use crate::case::Context;
use crate::document::{Kind, Scope};
use crate::truth::Truth;
use crate::variable::{Piece, Resolved, pieces, plain, resolve};

/// One element of a pattern.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Glyph {
    /// This character and no other.
    Char(char),
    /// `*`: any run of characters, also none.
    Run,
    /// `?`: exactly one character.
    One,
}

/// Reads `*` and `?` of plain policy text as wildcards.
pub(crate) fn pattern(text: &str) -> Vec<Glyph> {
    text.chars()
        .map(|c| match c {
            '*' => Glyph::Run,
            '?' => Glyph::One,
            c => Glyph::Char(c),
        })
        .collect()
}

/// Tells whether the pattern covers the whole text: keeps the set of places in the text that the
/// pattern read so far can have reached.
pub(crate) fn glob(pattern: &[Glyph], text: &str) -> bool {
    let text: Vec<char> = text.chars().collect();
    let mut reached: Vec<bool> = std::iter::once(true).chain(text.iter().map(|_| false)).collect();
    for glyph in pattern {
        reached = match glyph {
            Glyph::Run => reached
                .iter()
                .scan(false, |seen, &here| {
                    *seen |= here;
                    Some(*seen)
                })
                .collect(),
            Glyph::One => step(&reached, &text, |_| true),
            Glyph::Char(wanted) => step(&reached, &text, |c| c == *wanted),
        };
    }
    reached.last() == Some(&true)
}

fn step(reached: &[bool], text: &[char], accepts: impl Fn(char) -> bool) -> Vec<bool> {
    std::iter::once(false).chain(reached.iter().zip(text).map(|(&here, &c)| here && accepts(c))).collect()
}

/// An ARN cut at its first five colons; the sixth part keeps the others (PE-RES-04).
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Arn {
    pub(crate) partition: String,
    pub(crate) service: String,
    pub(crate) region: String,
    pub(crate) account: String,
    pub(crate) resource: String,
}

impl Arn {
    /// Reads a full ARN; anything with fewer than six parts or another first part is none.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let mut parts = text.splitn(6, ':').map(str::to_owned);
        if parts.next()? != "arn" {
            return None;
        }
        Some(Self {
            partition: parts.next()?,
            service: parts.next()?,
            region: parts.next()?,
            account: parts.next()?,
            resource: parts.next()?,
        })
    }

    /// The five parts after `arn`.
    pub(crate) fn parts(&self) -> [&str; 5] {
        [&self.partition, &self.service, &self.region, &self.account, &self.resource]
    }
}

/// Does `Action` or `NotAction` apply to the request's action (PE-ACT-01)?
pub(crate) fn action_applies(scope: &Scope, action: &str) -> bool {
    scope.entries.iter().any(|entry| action_matches(entry, action)) != scope.negated
}

/// Does one entry name the action? Prefix and name without case (PE-ACT-02); text that could never
/// be an action matches nothing (PE-ACT-06); variables are plain text (PE-ACT-07).
pub(crate) fn action_matches(entry: &str, action: &str) -> bool {
    if entry == "*" || entry == "*:*" {
        return true; // PE-ACT-04
    }
    let entry = entry.to_ascii_lowercase();
    let action = action.to_ascii_lowercase();
    let (Some((entry_service, entry_name)), Some((service, name))) =
        (entry.split_once(':'), action.split_once(':'))
    else {
        return false;
    };
    let impossible =
        entry_name.is_empty() || entry_name.chars().any(|c| c == ':' || c == ',' || c.is_whitespace());
    // The prefix is compared as text, so a wildcard in it never matches (PE-ACT-05).
    !impossible && entry_service == service && glob(&pattern(entry_name), name)
}

/// What the request asks about.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Target {
    /// The action has no resource: only the literal `*` covers it (PE-RES-13).
    Nothing,
    /// One ARN, or the pattern ARN that stands for it (PE-RES-14).
    Arn(Arn),
}

/// Does `Resource` or `NotResource` apply to the target (PE-RES-02)? A statement with neither sits
/// on its resource (PE-TRU-01).
pub(crate) fn resource_applies(
    scope: Option<&Scope>,
    target: &Target,
    kind: Kind,
    variables: bool,
    context: &Context,
) -> Truth {
    let Some(scope) = scope else {
        return Truth::True;
    };
    if scope.negated
        && kind == Kind::Rcp
        && scope.entries.iter().any(|entry| completed(entry, kind).is_none())
    {
        return Truth::False; // PE-RES-07, last sentence
    }
    let listed = Truth::any(
        scope.entries.iter().map(|entry| resource_matches(entry, target, kind, variables, context)),
    );
    if scope.negated { listed.not() } else { listed }
}

fn resource_matches(entry: &str, target: &Target, kind: Kind, variables: bool, context: &Context) -> Truth {
    if entry == "*" {
        return Truth::True; // PE-RES-03
    }
    let Target::Arn(arn) = target else {
        return Truth::False; // PE-RES-13
    };
    let Some(entry) = completed(entry, kind) else {
        return Truth::False;
    };
    // Before the fifth colon `${…}` is plain text (PE-RES-15).
    let head_matches =
        entry.parts().iter().zip(arn.parts()).take(4).all(|(entry, part)| glob(&pattern(entry), part));
    if !head_matches {
        return Truth::False;
    }
    let tail = read_pieces(&entry.resource, variables);
    match resolve(&tail, context) {
        Resolved::Text(glyphs) => Truth::of(glob(&glyphs, &arn.resource)),
        Resolved::NoValue => Truth::False, // PE-RES-16
        // What even the widest value would not cover is not covered.
        Resolved::Unknown(_, widest) if !glob(&widest, &arn.resource) => Truth::False,
        Resolved::Unknown(keys, _) => Truth::Unknown(keys),
    }
}

/// The pieces of a text whose variable syntax was checked when the document was read.
fn read_pieces(text: &str, variables: bool) -> Vec<Piece> {
    if variables && let Ok(pieces) = pieces(text) {
        return pieces;
    }
    plain(text)
}

/// A policy's ARN with its missing parts filled in as its kind of policy demands (PE-RES-07).
fn completed(entry: &str, kind: Kind) -> Option<Arn> {
    let mut parts: Vec<String> = entry.splitn(6, ':').map(str::to_owned).collect();
    if parts.len() < 6 {
        let fill = match kind {
            Kind::Identity | Kind::Boundary | Kind::Session => true,
            Kind::Resource | Kind::Key | Kind::Trust | Kind::Endpoint => entry.contains('*'),
            Kind::Scp => entry.ends_with('*'),
            Kind::Rcp => false,
        };
        if entry != "*" && !fill {
            return None;
        }
    }
    parts.resize(6, "*".to_owned());
    // IAM takes the first part as `arn` whatever it says (PE-VAL-11); other kinds were checked.
    if let Some(first) = parts.first_mut() {
        "arn".clone_into(first);
    }
    Arn::read(&parts.join(":"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_glob(text: &str, covered: &str, expected: bool) {
        assert_eq!(glob(&pattern(text), covered), expected, "{text} against {covered}");
    }

    #[test]
    fn a_star_is_any_run_and_a_question_mark_one_character() {
        check_glob("*", "", true);
        check_glob("?", "", false);
        check_glob("a*b*c", "abc", true);
        check_glob("a*b*c", "axbxbxc", true);
        check_glob("a*b*c", "acb", false);
        check_glob("Get?bject", "GetObject", true);
        check_glob("é?", "éa", true);
    }

    #[track_caller]
    fn check_action(entry: &str, action: &str, expected: bool) {
        assert_eq!(action_matches(entry, action), expected, "{entry} against {action}");
    }

    #[test]
    fn actions_match_without_case_by_service_and_name() {
        check_action("IAM:list*", "iam:ListUsers", true); // PE-ACT-02
        check_action("*:*", "iam:ListUsers", true); // PE-ACT-04
        check_action("i*:ListUsers", "iam:ListUsers", false); // PE-ACT-05
        check_action("iam:List Users", "iam:ListUsers", false); // PE-ACT-06
        check_action("iam:*", "iam:ListUsers", true);
        check_action("iam:", "iam:ListUsers", false); // PE-ACT-06
        check_action("s3:${aws:username}", "s3:alice", false); // PE-ACT-07
    }

    #[track_caller]
    fn check_resource(kind: Kind, entry: &str, resource: &str, expected: bool) {
        let target = Arn::read(resource).map_or(Target::Nothing, Target::Arn);
        let got = resource_matches(entry, &target, kind, true, &Context::default());
        assert_eq!(got, Truth::of(expected), "{entry} against {resource}");
    }

    #[test]
    fn a_star_crosses_slashes_and_in_the_last_part_colons() {
        let k = Kind::Identity;
        for yes in ["b/1/test/x", "b/1/2/test/3/x", "b//test/x", "b/1/test/"] {
            check_resource(k, "arn:aws:s3:::b/*/test/*", &format!("arn:aws:s3:::{yes}"), true); // PE-RES-04
        }
        for no in ["b/1-test/x", "b/test/x", "b/1/2/test.jpg"] {
            check_resource(k, "arn:aws:s3:::b/*/test/*", &format!("arn:aws:s3:::{no}"), false); // PE-RES-04
        }
        let version = "arn:aws:lambda:us-east-1:111111111111:function:f:7";
        check_resource(k, "arn:aws:lambda:us-east-1:111111111111:function:f", version, false);
        check_resource(k, "arn:aws:lambda:us-east-1:111111111111:function:*", version, true); // PE-RES-05
    }

    #[test]
    fn a_star_in_the_first_five_parts_stays_in_its_part() {
        let tail = "arn:aws:x:us-east-1:999999999999:a:111111111111:t";
        check_resource(Kind::Identity, "arn:aws:x:*:111111111111:t", tail, false); // PE-RES-05
        check_resource(Kind::Identity, "arn:aws:s3:*:*:b", "arn:aws:s3:::b", true); // PE-RES-18
    }

    #[test]
    fn short_arns_are_completed_for_identity_policies_and_elsewhere_only_with_a_star() {
        let queue = "arn:aws:sqs:us-east-1:111111111111:q";
        check_resource(Kind::Identity, "arn:aws:sqs", queue, true); // PE-RES-07
        check_resource(Kind::Resource, "arn:aws:sqs", queue, false); // PE-RES-07
        check_resource(Kind::Resource, "arn:aws:sqs:*", queue, true); // PE-RES-07
        check_resource(Kind::Rcp, "arn:aws:sqs:*", queue, false); // PE-RES-07
    }

    #[test]
    fn a_request_without_resource_is_covered_by_the_lone_star_only() {
        check_resource(Kind::Identity, "*", "*", true); // PE-RES-03
        check_resource(Kind::Identity, "arn:aws:ec2:*:*:*", "*", false); // PE-RES-13
    }
}
