//! From the document to the valid policy: every rule of the grammar, in the grammar's order.
//!
//! This is the strictness of a document *as stored*: refused is what AWS could not hold as a policy of the
//! kind. Nothing stops at the first finding.

mod clauses;
mod condition;
mod principal;
mod rules;
mod statement;

use crate::diagnostic::{Code, Diagnostic, Severity, quote};
use crate::json::{self, Member, Node, Value};
use crate::policy::{Parts, PolicyError, PolicyKind, Version};
use crate::source::{Source, Span};
use crate::suggest::nearest;
use rules::{Presence, Rules, rules};

pub(crate) use clauses::IAM_RESOURCES;
pub(crate) use statement::STATEMENT;

/// How many findings of one document are listed. A document of megabytes that is wrong everywhere would
/// otherwise cost gigabytes.
const MAX_FINDINGS: usize = 1_000;

/// A document's parts, and the findings that leave it usable.
pub(crate) fn lower(
    kind: PolicyKind,
    source: &Source,
    node: &Node<'_>,
) -> Result<(Parts, Vec<Diagnostic>), PolicyError> {
    let mut lowering = Lowering {
        source,
        kind,
        rules: rules(kind),
        variables: false,
        findings: Vec::new(),
        unlisted: 0,
        failed: false,
    };
    let parts = lowering.document(node);
    let mut findings = std::mem::take(&mut lowering.findings);
    findings.sort_by_key(Diagnostic::span);
    if lowering.unlisted > 0 {
        let end = Span::new(node.span.end.saturating_sub(1), node.span.end);
        let message = format!("{} more findings are not listed", lowering.unlisted);
        let finding = lowering.warning(Code::TooManyFindings, end, message);
        findings.push(finding.with_help(format!("mend the {MAX_FINDINGS} above first")));
    }
    match parts {
        Some(parts) if !lowering.failed => Ok((parts, findings)),
        _ => Err(PolicyError::from(findings)),
    }
}

struct Lowering<'s> {
    source: &'s Source,
    kind: PolicyKind,
    rules: Rules,
    /// Whether `${…}` is a variable in this document (PE-VAR-04).
    variables: bool,
    findings: Vec<Diagnostic>,
    /// How many findings came after the last one that is listed.
    unlisted: usize,
    /// Whether an error is among the findings.
    failed: bool,
}

/// The elements of one JSON object, found by name.
struct Elements<'n, 's> {
    members: &'n [Member<'s>],
    /// Misspelt members, by what they were most likely meant to be: judged as if they were spelled right,
    /// so that no second finding says that the element is missing.
    misspelt: Vec<(&'static str, &'n Member<'s>)>,
}

impl<'n, 's> Elements<'n, 's> {
    fn get(&self, name: &str) -> Option<&'n Member<'s>> {
        let written = self.members.iter().find(|member| member.key == name);
        written.or_else(|| {
            let meant = self.misspelt.iter().find(|(meant, _)| *meant == name);
            meant.map(|(_, member)| *member)
        })
    }
}

const DOCUMENT: &[&str] = &["Version", "Id", "Statement"];

impl Lowering<'_> {
    fn report(&mut self, finding: Diagnostic) {
        let first_error = finding.severity() == Severity::Error && !self.failed;
        self.failed |= first_error;
        if self.findings.len() < MAX_FINDINGS || first_error {
            self.findings.push(finding);
        } else {
            self.unlisted += 1;
        }
    }

    fn error(&self, code: Code, span: Span, message: impl Into<Box<str>>) -> Diagnostic {
        Diagnostic::error(self.source, code, span, message)
    }

    fn warning(&self, code: Code, span: Span, message: impl Into<Box<str>>) -> Diagnostic {
        Diagnostic::warning(self.source, code, span, message)
    }

    fn wrong_type(&mut self, what: &str, wanted: &str, node: &Node<'_>) {
        let found = node.value.type_name();
        let finding = self.error(Code::WrongType, node.span, format!("{what} is {wanted}, not {found}"));
        self.report(finding);
    }

    /// Finds duplicate and unknown members of an object.
    fn elements<'n, 's>(
        &mut self,
        members: &'n [Member<'s>],
        known: &'static [&'static str],
        of: &str,
    ) -> Elements<'n, 's> {
        self.duplicates(members, of);
        let mut misspelt = Vec::new();
        for member in members.iter().filter(|member| !known.contains(&&*member.key)) {
            let meant = nearest(&member.key, known.iter().copied());
            let message = format!("{} is not an element of {of}", quote(&member.key));
            let finding = self.error(Code::UnknownElement, member.key_span, message);
            self.report(match meant {
                Some(meant) if meant.eq_ignore_ascii_case(&member.key) => {
                    finding.with_help(format!("write `{meant}`: the case of element names counts"))
                }
                Some(meant) => finding.with_help(format!("did you mean `{meant}`?")),
                None => finding.with_help(format!("the elements of {of} are {}", listed(known))),
            });
            if let Some(meant) = meant
                && !members.iter().any(|other| other.key == meant)
            {
                misspelt.push((meant, member));
            }
        }
        Elements { members, misspelt }
    }

    fn duplicates(&mut self, members: &[Member<'_>], of: &str) {
        if json::all_differ(members, |one, other| one == other) {
            return;
        }
        for (member, first) in json::duplicates(members) {
            let message = format!("{} occurs twice in {of}", quote(&member.key));
            let finding = self
                .error(Code::DuplicateKey, member.key_span, message)
                .with_related(first, "first here")
                .with_help("AWS refuses a document with duplicate keys; merge the two");
            self.report(finding);
        }
    }

    fn document(&mut self, node: &Node<'_>) -> Option<Parts> {
        if self.rules.stored_by_iam {
            self.characters(node.span);
        }
        let Value::Object(members) = &node.value else {
            self.wrong_type("a policy", "an object", node);
            return None;
        };
        let elements = self.elements(members, DOCUMENT, "a policy");
        let version = self.version(node, elements.get("Version"));
        self.variables = version == Some(Version::V2012);
        let id = self.id(elements.get("Id"));
        let statement = elements.get("Statement");
        if statement.is_none() {
            self.missing("Statement", "a policy", node);
        }
        let statements = statement.map(|member| self.statements(&member.value)).unwrap_or_default();
        Some(Parts { kind: self.kind, span: node.span, version, id, statements: statements.into() })
    }

    /// PE-DOC-09: such a text could not be stored; as an escape the character could.
    fn characters(&mut self, span: Span) {
        let text = self.source.text_of(span);
        if text.is_ascii() {
            return;
        }
        if let Some((offset, character)) = text.char_indices().find(|(_, character)| *character > '\u{ff}') {
            let start = span.start + crate::source::saturating(offset);
            let end = start + crate::source::saturating(character.len_utf8());
            let message = format!("IAM takes no `{character}` in a document: it is beyond U+00FF");
            let finding = self
                .error(Code::ForeignCharacter, Span::new(start, end), message)
                .with_help("write it, and all further ones, as a `\\u` escape");
            self.report(finding);
        }
    }

    /// The element `name` of `of` is not there: points at the opening brace.
    fn missing(&mut self, name: &str, of: &str, node: &Node<'_>) {
        let brace = Span::new(node.span.start, (node.span.start + 1).min(node.span.end));
        let finding = self.error(Code::Missing, brace, format!("{of} has no `{name}`"));
        let finding = finding.with_help(match name {
            "Statement" => "add `\"Statement\": […]` with at least one statement",
            "Effect" => "add `\"Effect\": \"Allow\"` or `\"Effect\": \"Deny\"`",
            "Principal" => "say who may do it, for example `\"Principal\": {\"AWS\": \"111122223333\"}`",
            "Action" => "add `Action` or `NotAction`",
            "Resource" => "add `Resource` or `NotResource`; `\"Resource\": \"*\"` is every resource",
            _ => "add `\"Version\": \"2012-10-17\"`",
        });
        self.report(finding);
    }

    fn version(&mut self, document: &Node<'_>, member: Option<&Member<'_>>) -> Option<Version> {
        let Some(member) = member else {
            if self.kind == PolicyKind::ResourceControl {
                self.missing("Version", "a resource control policy", document);
            }
            return None;
        };
        let Value::String(text) = &member.value.value else {
            self.wrong_type("`Version`", "a string", &member.value);
            return None;
        };
        let version = [Version::V2012, Version::V2008].into_iter().find(|version| version.as_str() == text);
        if version.is_none() {
            let message = format!("{} is no version of the policy language", quote(text));
            let finding = self
                .error(Code::InvalidVersion, member.value.span, message)
                .with_help("write `2012-10-17`: it is the name of the language, not the date of the policy");
            self.report(finding);
        } else if version == Some(Version::V2008) && self.kind == PolicyKind::ResourceControl {
            // PE-TYP-13
            let finding = self
                .error(
                    Code::InvalidVersion,
                    member.value.span,
                    "a resource control policy can't be in the language of `2008-10-17`",
                )
                .with_help("write `2012-10-17`");
            self.report(finding);
        }
        version
    }

    fn id(&mut self, member: Option<&Member<'_>>) -> Option<Box<str>> {
        let member = member?;
        let Value::String(text) = &member.value.value else {
            self.wrong_type("`Id`", "a string", &member.value);
            return None;
        };
        match self.rules.id {
            Presence::Forbidden => {
                let message = format!("{} has no `Id`", with_article(self.kind));
                let finding = self
                    .error(Code::ForbiddenElement, member.key_span, message)
                    .with_help("remove it; statements may have a `Sid`");
                self.report(finding);
            }
            Presence::Expected => {
                // PE-DOC-12
                let message =
                    format!("AWS keeps the `Id` of {} and never looks at it", with_article(self.kind));
                let finding = self
                    .warning(Code::IgnoredId, member.key_span, message)
                    .with_help("remove it; the user guide bars it from identity-based policies");
                self.report(finding);
            }
            Presence::Required | Presence::Optional => {}
        }
        Some(text.as_ref().into())
    }
}

/// `an identity-based policy`, `a role trust policy` …
fn with_article(kind: PolicyKind) -> String {
    let article = if kind == PolicyKind::Identity { "an" } else { "a" };
    format!("{article} {kind}")
}

/// The values of an element that is one value or a list of them (PE-DOC-07).
fn one_or_many<'n, 's>(node: &'n Node<'s>) -> &'n [Node<'s>] {
    match &node.value {
        Value::Array(items) => items,
        _ => std::slice::from_ref(node),
    }
}

/// "`A`, `B` and `C`"
fn listed(names: &[&str]) -> String {
    let mut text = String::new();
    for (index, name) in names.iter().enumerate() {
        match index {
            0 => {}
            _ if index + 1 == names.len() => text.push_str(" and "),
            _ => text.push_str(", "),
        }
        text.push('`');
        text.push_str(name);
        text.push('`');
    }
    text
}

#[cfg(test)]
mod tests;
