//! Laws that hold for every document: generated ones come back as they were meant, and no text whatever makes
//! the reader fall over or point outside of it.

#![expect(clippy::unwrap_used, clippy::string_slice, reason = "a test fails by falling over")]

use std::collections::BTreeMap;

use iamsim_policy::{
    Arn, ArnPattern, Code, Diagnostic, Effect, Policy, PolicyKind, ResourceService, Source, Span, Syntax,
    Template, Version, WriteChecks, check_write, classic_service_control, json, wildcard,
};
use proptest::prelude::*;
use proptest::sample::select;

const KINDS: &[PolicyKind] = &[
    PolicyKind::Identity,
    PolicyKind::PermissionsBoundary,
    PolicyKind::Session,
    PolicyKind::RoleTrust,
    PolicyKind::Resource(ResourceService::Other),
    PolicyKind::Resource(ResourceService::S3),
    PolicyKind::Resource(ResourceService::Sqs),
    PolicyKind::Resource(ResourceService::Sns),
    PolicyKind::Resource(ResourceService::Lambda),
    PolicyKind::Resource(ResourceService::Kms),
    PolicyKind::ServiceControl,
    PolicyKind::ResourceControl,
    PolicyKind::VpcEndpoint,
];

/// What a generated statement is meant to say.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each element has its negation")]
struct Meant {
    sid: Option<String>,
    effect: Effect,
    principals: Vec<(&'static str, String)>,
    not_principal: bool,
    actions: Vec<String>,
    not_action: bool,
    resources: Vec<String>,
    not_resource: bool,
    conditions: BTreeMap<String, BTreeMap<String, Vec<String>>>,
    /// How it is written: which lists of one stand alone, and where the elements begin.
    alone: bool,
    turn: usize,
}

fn statement() -> impl Strategy<Value = Meant> {
    let effect = select(vec![Effect::Allow, Effect::Deny]);
    let principal = select(vec![
        ("AWS", "111122223333"),
        ("AWS", "arn:aws:iam::111122223333:root"),
        ("AWS", "arn:aws:iam::111122223333:user/dev/bob"),
        ("AWS", "arn:aws:sts::111122223333:assumed-role/app/session"),
        ("AWS", "AROAABCDEFGHIJKLMNOPQ"),
        ("Service", "ec2.amazonaws.com"),
        ("Federated", "accounts.google.com"),
    ])
    .prop_map(|(key, value)| (key, value.to_owned()));
    let action =
        prop_oneof![Just("*".to_owned()), "[a-z0-9-]{1,8}:[A-Za-z*?]{1,8}", "[A-Z]{2,3}:[A-Za-z]{1,8}",];
    let resource = prop_oneof![
        Just("*".to_owned()),
        "arn:aws:s3:::[a-z*?.-]{1,8}/[ -~&&[^\"\\\\$]]{0,8}",
        Just("arn:aws:s3:::home/${aws:username, 'no one'}/${*}é\"\\\t".to_owned()),
        "arn:aws(-cn)?:sqs:[a-z0-9-]{1,9}:[0-9]{12}:[a-z*]{1,9}",
    ];
    let operator = select(vec![
        "StringEquals",
        "StringNotLikeIfExists",
        "ForAnyValue:StringLike",
        "ForAllValues:StringEqualsIgnoreCase",
    ])
    .prop_map(str::to_owned);
    let key = "(aws:PrincipalTag/[a-z]{1,3}|[a-z0-9]{1,4}:[A-Za-z]{1,5})";
    // Keys compare without case, so two of them must not differ by case alone.
    let keys = prop::collection::btree_map(key, prop::collection::vec("[ -~&&[^$]]{0,9}", 0..3), 0..3)
        .prop_map(|keys| {
            let folded: BTreeMap<_, _> =
                keys.into_iter().map(|entry| (entry.0.to_lowercase(), entry)).collect();
            folded.into_values().collect::<BTreeMap<_, _>>()
        });
    (
        (prop::option::of("[A-Za-z0-9]{1,6}"), effect),
        (prop::collection::vec(principal, 1..3), any::<bool>()),
        (prop::collection::vec(action, 1..4), any::<bool>()),
        (prop::collection::vec(resource, 1..4), any::<bool>()),
        prop::collection::btree_map(operator, keys, 0..3),
        (any::<bool>(), 0..6usize),
    )
        .prop_map(|((sid, effect), principal, action, resource, conditions, (alone, turn))| Meant {
            sid,
            effect,
            principals: principal.0,
            not_principal: principal.1 && effect == Effect::Deny,
            actions: action.0,
            not_action: action.1,
            resources: resource.0,
            not_resource: resource.1,
            conditions,
            alone,
            turn,
        })
}

fn quoted(value: impl Into<serde_json::Value>) -> String {
    value.into().to_string()
}

impl Meant {
    fn list(&self, entries: &[String]) -> String {
        match entries {
            [one] if self.alone => quoted(one.as_str()),
            _ => quoted(entries),
        }
    }

    fn written(&self, principals: bool, index: usize) -> String {
        let mut members = Vec::new();
        if let Some(sid) = &self.sid {
            // The index keeps Sids apart.
            members.push(format!("\"Sid\": {}", quoted(format!("{sid}{index}"))));
        }
        members.push(format!("\"Effect\" : \"{}\"", self.effect));
        if principals {
            let mut keys: BTreeMap<&str, Vec<String>> = BTreeMap::new();
            for (key, value) in &self.principals {
                keys.entry(key).or_default().push(value.clone());
            }
            let keys: Vec<_> =
                keys.iter().map(|(key, values)| format!("\"{key}\":{}", self.list(values))).collect();
            let name = if self.not_principal { "NotPrincipal" } else { "Principal" };
            members.push(format!("\"{name}\": {{{}}}", keys.join(",")));
        }
        let name = if self.not_action { "NotAction" } else { "Action" };
        members.push(format!("\"{name}\":\t{}", self.list(&self.actions)));
        let name = if self.not_resource { "NotResource" } else { "Resource" };
        members.push(format!("\"{name}\":\n{}", self.list(&self.resources)));
        let blocks: Vec<_> = self
            .conditions
            .iter()
            .map(|(operator, keys)| {
                let keys: Vec<_> = keys
                    .iter()
                    .map(|(key, values)| format!("{}:{}", quoted(key.as_str()), self.list(values)))
                    .collect();
                format!("\"{operator}\":{{{}}}", keys.join(", "))
            })
            .collect();
        members.push(format!("\"Condition\": {{{}}}", blocks.join(",")));
        let turn = self.turn % members.len();
        members.rotate_left(turn);
        format!("{{ {} }}", members.join(" , "))
    }

    /// Compares a statement that was read with what was meant.
    fn is_said_by(&self, statement: &iamsim_policy::Statement, principals: bool, index: usize) {
        assert_eq!(statement.sid(), self.sid.as_ref().map(|sid| format!("{sid}{index}")).as_deref());
        assert_eq!(statement.effect(), self.effect);
        let said: Vec<_> =
            statement.action().patterns().iter().map(|pattern| pattern.value.as_str()).collect();
        assert_eq!(said, self.actions);
        assert_eq!(statement.action().is_negated(), self.not_action);
        let clause = statement.resource().unwrap();
        let said: Vec<_> = clause.patterns().iter().map(|pattern| pattern.value.as_str()).collect();
        assert_eq!(said, self.resources);
        assert_eq!(clause.is_negated(), self.not_resource);
        assert_eq!(statement.principal().is_some(), principals);
        if let Some(clause) = statement.principal() {
            let mut said: Vec<_> = clause.entries().iter().map(|entry| entry.value.to_string()).collect();
            let mut meant: Vec<_> = self.principals.iter().map(|(_, value)| value.clone()).collect();
            said.sort();
            meant.sort();
            assert_eq!(said, meant);
            assert_eq!(clause.is_negated(), self.not_principal);
        }
        let mut said = BTreeMap::new();
        for condition in statement.conditions() {
            let keys: &mut BTreeMap<_, _> = said.entry(condition.operator().to_string()).or_default();
            let values: Vec<_> =
                condition.values().iter().map(|value| value.value.as_str().to_owned()).collect();
            keys.insert(condition.key().as_str().to_owned(), values);
        }
        let mut meant = self.conditions.clone();
        meant.retain(|_, keys| !keys.is_empty());
        assert_eq!(said, meant);
    }
}

/// What kind the generated documents are legal in, without and with principals.
const GENERATED: &[(PolicyKind, bool)] = &[
    (PolicyKind::Identity, false),
    (PolicyKind::PermissionsBoundary, false),
    (PolicyKind::Session, false),
    (PolicyKind::ServiceControl, false),
    (PolicyKind::Resource(ResourceService::Other), true),
    (PolicyKind::Resource(ResourceService::S3), true),
    (PolicyKind::VpcEndpoint, true),
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn generated_documents_come_back_as_they_were_meant(
        meant in prop::collection::vec(statement(), 1..4),
        (kind, principals) in select(GENERATED),
        alone in any::<bool>(),
    ) {
        let written: Vec<_> =
            meant.iter().enumerate().map(|(index, meant)| meant.written(principals, index)).collect();
        let statements = match written.as_slice() {
            [one] if alone => one.clone(),
            _ => format!("[{}]", written.join(", ")),
        };
        let source = Source::from(format!("{{\"Statement\": {statements},\r\n \"Version\": \"2012-10-17\"}}"));
        let policy = Policy::parse(kind, &source).unwrap();
        prop_assert_eq!(policy.version(), Version::V2012);
        prop_assert_eq!(policy.statements().len(), meant.len());
        for (index, (statement, meant)) in policy.statements().iter().zip(&meant).enumerate() {
            meant.is_said_by(statement, principals, index);
        }
        // Printing and reading are inverse, both ways of printing.
        let canonical = policy.to_canonical_json();
        let again = Policy::parse(kind, &*canonical).unwrap();
        prop_assert_eq!(&again.to_canonical_json(), &canonical);
        prop_assert_eq!(&again, &policy);
        let compact = policy.to_compact_json();
        let again = Policy::parse(kind, &*compact).unwrap();
        for (index, (statement, meant)) in again.statements().iter().zip(&meant).enumerate() {
            meant.is_said_by(statement, principals, index);
        }
        // Order and repetition say nothing.
        let mut shuffled = meant.clone();
        for statement in &mut shuffled {
            statement.turn += 1;
            statement.alone = !statement.alone;
            statement.actions.reverse();
            statement.resources.push(statement.resources[0].clone());
        }
        let written: Vec<_> =
            shuffled.iter().enumerate().rev().map(|(index, meant)| meant.written(principals, index)).collect();
        let other = format!("{{\"Version\": \"2012-10-17\", \"Statement\": [{}]}}", written.join(","));
        prop_assert_eq!(&Policy::parse(kind, other).unwrap(), &policy);
        // What may be written may be stored.
        if let Ok(written) = check_write(kind, &source) {
            prop_assert_eq!(&written, &policy);
        }
    }
}

/// Pieces of policies, whole and broken: their sequences reach further into the reader than random bytes do.
const PIECES: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "\"",
    "\\",
    "\\u00",
    "\\ud83d",
    "null",
    "true",
    "1e9",
    "-",
    " ",
    "\n",
    "é",
    "日",
    "\u{feff}",
    "\"Version\":",
    "\"2012-10-17\"",
    "\"2008-10-17\"",
    "\"Statement\":",
    "\"Id\":",
    "\"Sid\":",
    "\"a\"",
    "\"Effect\":",
    "\"Allow\"",
    "\"deny\"",
    "\"Principal\":",
    "\"NotPrincipal\":",
    "\"AWS\":",
    "\"Service\":",
    "\"Action\":",
    "\"NotAction\":",
    "\"s3:Get*\"",
    "\"s3\"",
    "\"Resource\":",
    "\"NotResource\":",
    "\"arn:aws:s3:::b/${aws:username}\"",
    "\"arn:aws\"",
    "\"${\"",
    "\"*\"",
    "\"Condition\":",
    "\"StringLike\":",
    "\"DateLessThan\":",
    "\"nullifexists\":",
    "\"aws:SourcIp\":",
    "\"arn:aws:iam::111122223333:role/é*\"",
    "\"sts:AssumeRole\"",
    "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"s3:*\",\"Resource\":\"*\"",
    "{\"Statement\":{\"Effect\":\"Deny\",\"Principal\":{\"AWS\":\"*\"},\"Action\":[\"sts:AssumeRole\"",
];

/// Reads a text as every kind, in both strictnesses, and looks at all findings.
fn read_everywhere(source: &Source) {
    let checks = WriteChecks::default();
    for kind in KINDS {
        match Policy::parse(*kind, source) {
            Ok(policy) => {
                let canonical = policy.to_canonical_json();
                assert_eq!(Policy::parse(*kind, &*canonical).unwrap(), policy);
                for finding in policy.warnings().iter().chain(&classic_service_control(&policy)) {
                    lies_inside(finding, source);
                }
                assert!(policy.size().characters() >= policy.size().without_white_space());
            }
            Err(error) => {
                assert!(!error.diagnostics().is_empty());
                assert!(!error.to_string().is_empty());
                for finding in error.diagnostics() {
                    lies_inside(finding, source);
                }
                assert!(checks.check(*kind, source).is_err(), "{kind} may be written and not stored");
            }
        }
        if let Ok(policy) = checks.check(*kind, source) {
            assert_eq!(Policy::parse(*kind, source).as_ref(), Ok(&policy));
        }
    }
}

fn lies_inside(finding: &Diagnostic, source: &Source) {
    let text = source.text();
    let inside = |span: Span| {
        let (start, end) = (span.start as usize, span.end as usize);
        assert!(start <= end && end <= text.len(), "{finding}");
        assert!(text.is_char_boundary(start) && text.is_char_boundary(end), "{finding}");
    };
    inside(finding.span());
    for related in finding.related() {
        inside(related.span());
    }
    assert!(finding.position().line >= 1 && finding.position().column >= 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn no_bytes_make_the_reader_fall_over(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
        match Source::from_bytes("bytes", bytes) {
            Ok(source) => read_everywhere(&source),
            Err(finding) => lies_inside(&finding, finding.source()),
        }
    }

    #[test]
    fn no_text_makes_the_reader_fall_over(text in "\\PC{0,40}") {
        read_everywhere(&Source::from(text.as_str()));
        let _ = text.parse::<Arn>();
        let _ = ArnPattern::parse(&text, true);
        let _ = Template::parse(&text, Syntax { wildcards: true, variables: true });
    }

    #[test]
    fn no_sequence_of_pieces_makes_the_reader_fall_over(pieces in prop::collection::vec(select(PIECES), 0..24)) {
        read_everywhere(&Source::from(pieces.concat()));
    }

    #[test]
    fn no_damage_makes_the_reader_fall_over(
        meant in statement(),
        (_, principals) in select(GENERATED),
        cuts in prop::collection::vec((any::<prop::sample::Index>(), select(PIECES)), 1..4),
    ) {
        let mut text = format!("{{\"Version\":\"2012-10-17\",\"Statement\":{}}}", meant.written(principals, 0));
        for (at, piece) in cuts {
            let places: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
            let at = places[at.index(places.len())];
            let character = text[at..].chars().next().unwrap();
            text.replace_range(at..at + character.len_utf8(), piece);
        }
        read_everywhere(&Source::from(text));
    }
}

/// Both readers of JSON take the same texts for JSON, and read the same in them.
fn read_as_serde_json_does(text: &str) {
    let source = Source::from(text);
    let ours = json::parse(&source);
    match serde_json::from_str::<&serde_json::value::RawValue>(text) {
        Ok(_) => match &ours {
            Ok(node) => {
                assert_eq!(source.text_of(node.span), text.trim_matches([' ', '\t', '\r', '\n']));
                // Not every number fits their value; its text is ours all the same.
                if let Ok(value) = serde_json::from_str(text) {
                    assert!(same(&source, node, &value), "{text}");
                }
            }
            Err(finding) => assert_ne!(finding.code(), Code::InvalidJson, "{text}"),
        },
        Err(_) => assert_eq!(ours.unwrap_err().code(), Code::InvalidJson, "{text}"),
    }
}

fn same(source: &Source, node: &json::Node<'_>, value: &serde_json::Value) -> bool {
    use serde_json::Value as Theirs;
    let written = source.text_of(node.span);
    match (&node.value, value) {
        (json::Value::Null, Theirs::Null) => written == "null",
        (json::Value::Bool(ours), Theirs::Bool(theirs)) => ours == theirs && written == ours.to_string(),
        (json::Value::Number(ours), Theirs::Number(_)) => {
            written == *ours && serde_json::from_str::<Theirs>(ours).is_ok_and(|read| read == *value)
        }
        (json::Value::String(ours), Theirs::String(theirs)) => {
            ours == theirs && written.starts_with('"') && written.ends_with('"')
        }
        (json::Value::Array(ours), Theirs::Array(theirs)) => {
            ours.len() == theirs.len()
                && ours.iter().zip(theirs).all(|(ours, theirs)| same(source, ours, theirs))
        }
        (json::Value::Object(ours), Theirs::Object(theirs)) => {
            // Theirs keeps the last of equal keys.
            theirs.iter().all(|(key, theirs)| {
                let last = ours.iter().rev().find(|member| member.key == key.as_str());
                last.is_some_and(|member| same(source, &member.value, theirs))
            }) && ours.iter().all(|member| theirs.contains_key(&*member.key))
        }
        _ => false,
    }
}

/// Pieces of JSON, whole and broken.
const TOKENS: &[&str] = &[
    "{", "}", "[", "]", ":", ",", "\"", "\\", "\\n", "\\u00e9", "\\ud83d", "\\ude00", "\\x", "null", "nul",
    "true", "false", "0", "1", "-", "+", ".", "e", "E", "00", "1.5e-3", " ", "\n", "\u{b}", "\u{0}",
    "\u{7f}", "é", "日", "\"a\"", "\"\"", "\"a\":", "/*",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5_000))]

    #[test]
    fn both_readers_of_json_agree(tokens in prop::collection::vec(select(TOKENS), 0..10)) {
        read_as_serde_json_does(&tokens.concat());
    }

    #[test]
    fn both_readers_agree_on_whole_documents_too(meant in statement(), cut in any::<prop::sample::Index>()) {
        let text = meant.written(true, 0);
        read_as_serde_json_does(&text);
        let places: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
        read_as_serde_json_does(&text[..places[cut.index(places.len())]]);
    }
}

/// Every text over an alphabet up to a length.
fn texts(alphabet: &[char], longest: usize) -> Vec<String> {
    let mut all = vec![String::new()];
    let mut last = all.clone();
    for _ in 0..longest {
        last = last
            .iter()
            .flat_map(|text| alphabet.iter().map(move |letter| format!("{text}{letter}")))
            .collect();
        all.extend_from_slice(&last);
    }
    all
}

#[test]
fn our_wildcards_and_globset_agree_on_the_letters_of_actions() {
    // On these letters globset is exact, once runs of `*` are one.
    let candidates = texts(&['a', 'b', ':'], 5);
    for pattern in texts(&['a', 'b', ':', '*', '?'], 4) {
        if pattern.contains("**") {
            continue;
        }
        let glob = globset::Glob::new(&pattern).unwrap().compile_matcher();
        for text in &candidates {
            assert_eq!(wildcard::matches(&pattern, text), glob.is_match(text), "{pattern} against {text}");
        }
    }
}
