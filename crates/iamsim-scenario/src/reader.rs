//! Reading objects by their tables: every finding is kept, and what is readable is read.

use iamsim_policy::json::{self, Member, Node, Value};
use iamsim_policy::suggest::nearest;
use iamsim_policy::{Policy, PolicyKind, Source, Span, Spanned};

use crate::finding::{self, Code, Finding};
use crate::format::{FILE, Field, Object};
use crate::include::{Input, joined, not_a_path};

/// A file that a scenario refers to, as the loader found it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a name and bytes, nothing else")]
pub struct Loaded {
    /// The name under which messages and traces speak of it, such as its path from where the user is.
    pub name: String,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// Finds the file that a scenario refers to by a path relative to itself, or says in lower case and without
/// full stop why it can't.
pub type Loader<'l> = dyn FnMut(&str) -> Result<Loaded, String> + 'l;

/// The loader of a scenario that stands alone: it has no files.
pub fn no_files(_: &str) -> Result<Loaded, String> {
    Err("this scenario has no folder to look in".to_owned())
}

pub(crate) type Text = Spanned<String>;

pub(crate) struct Reader<'r, 'l> {
    pub(crate) source: &'r Source,
    pub(crate) findings: Vec<Finding>,
    /// The folder that paths start from, relative to the scenario's.
    folder: &'r str,
    /// The files that were referred to.
    pub(crate) files: Vec<Source>,
    load: &'r mut Loader<'l>,
}

/// The fields of one object, known to be in its table and to occur once.
#[derive(Debug)]
pub(crate) struct Fields<'n, 's> {
    object: &'static Object,
    members: &'n [Member<'s>],
    pub(crate) span: Span,
}

/// A policy in a scenario.
#[derive(Clone, Debug)]
pub(crate) enum Document {
    Valid(Policy),
    /// One with findings, in a step that expects an error: AWS is asked what it says of the text.
    Refusable(Source),
}

impl<'n, 's> Fields<'n, 's> {
    pub(crate) fn get(&self, name: &str) -> Option<&'n Node<'s>> {
        debug_assert!(self.object.field(name).is_some(), "{} has no field {name}", self.object.name);
        #[cfg(test)]
        tests::READ.with_borrow_mut(|read| read.insert((self.object.id, name.to_owned())));
        self.members.iter().find(|member| member.key == name).map(|member| &member.value)
    }

    /// Whether objects of this kind have a field.
    pub(crate) fn has_field(&self, name: &str) -> bool {
        self.object.field(name).is_some()
    }

    /// Where the field's name stands, or else the whole object.
    pub(crate) fn key_span(&self, name: &str) -> Span {
        self.members.iter().find(|member| member.key == name).map_or(self.span, |member| member.key_span)
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = (&'n str, Span)> {
        self.members.iter().map(|member| (member.key.as_ref(), member.key_span))
    }
}

impl<'r, 'l> Reader<'r, 'l> {
    pub(crate) fn new(input: &'r Input, load: &'r mut Loader<'l>) -> Self {
        let Input { source, folder } = input;
        Self { source, findings: Vec::new(), folder, files: Vec::new(), load }
    }

    pub(crate) fn error(&mut self, code: Code, span: Span, message: impl Into<String>) {
        self.findings.push(Finding::error(self.source, code, span, message));
    }

    pub(crate) fn error_with_help(
        &mut self,
        code: Code,
        span: Span,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.findings.push(Finding::error(self.source, code, span, message).with_help(help));
    }

    pub(crate) fn wrong_type(&mut self, node: &Node<'_>, what: &str, expected: &str) {
        let found = node.value.type_name();
        self.error(Code::WrongType, node.span, format!("{what} is {expected}, not {found}"));
    }

    /// Reads an object by its table: other fields, duplicates and missing fields are findings.
    pub(crate) fn object<'n, 's>(
        &mut self,
        node: &'n Node<'s>,
        object: &'static Object,
    ) -> Option<Fields<'n, 's>> {
        let Value::Object(members) = &node.value else {
            self.wrong_type(node, object.name, "an object");
            return None;
        };
        self.check_duplicates(members);
        // A required field that is there under a misspelt name is not told to be missing as well.
        let mut misspelt = Vec::new();
        for member in members {
            if object.field(&member.key).is_none() {
                misspelt.extend(self.unknown_field(object, member));
            }
        }
        for Field { name, .. } in object.fields.iter().filter(|field| field.required) {
            if !members.iter().any(|member| member.key == *name) && !misspelt.contains(name) {
                let start = Span::new(node.span.start, node.span.start.saturating_add(1));
                let field = object.field(name);
                self.error_with_help(
                    Code::MissingField,
                    start,
                    format!("{} needs the field `{name}`", object.name),
                    field.map_or_else(String::new, |field| format!("`{name}` is {}", sentence(field.doc))),
                );
            }
        }
        Some(Fields { object, members, span: node.span })
    }

    /// Tells of a field that is none, and answers with the one that is probably meant.
    fn unknown_field(&mut self, object: &'static Object, member: &Member<'_>) -> Option<&'static str> {
        let names = object.fields.iter().map(|field| field.name);
        let meant = nearest(&member.key, names.clone());
        let help = match meant {
            Some(name) => format!("did you mean `{name}`?"),
            None => format!("{} has the fields {}", object.name, listed(names)),
        };
        let message = format!("{} has no field `{}`", object.name, member.key);
        self.error_with_help(Code::UnknownField, member.key_span, message, help);
        meant
    }

    fn check_duplicates(&mut self, members: &[Member<'_>]) {
        for (member, first) in json::duplicates(members) {
            let message = format!("the key `{}` occurs twice", member.key);
            self.findings.push(
                Finding::error(self.source, Code::DuplicateKey, member.key_span, message)
                    .with_related(first, "it is here already")
                    .with_help("remove one of the two"),
            );
        }
    }

    /// Reads an object whose keys are names.
    pub(crate) fn map<'n, 's>(&mut self, node: Option<&'n Node<'s>>, what: &str) -> &'n [Member<'s>] {
        let Some(node) = node else { return &[] };
        let Value::Object(members) = &node.value else {
            self.wrong_type(node, what, "an object");
            return &[];
        };
        self.check_duplicates(members);
        members
    }

    pub(crate) fn list<'n, 's>(&mut self, node: Option<&'n Node<'s>>, what: &str) -> &'n [Node<'s>] {
        let Some(node) = node else { return &[] };
        let Value::Array(items) = &node.value else {
            self.wrong_type(node, what, "an array");
            return &[];
        };
        items
    }

    pub(crate) fn text(&mut self, node: Option<&Node<'_>>, what: &str) -> Option<Text> {
        let node = node?;
        let Value::String(text) = &node.value else {
            self.wrong_type(node, what, "a string");
            return None;
        };
        Some(Spanned::new(text.clone().into_owned(), node.span))
    }

    /// Text that has at least one character.
    pub(crate) fn some_text(&mut self, node: Option<&Node<'_>>, what: &str) -> Option<Text> {
        let text = self.text(node, what)?;
        if text.value.is_empty() {
            self.error(Code::InvalidValue, text.span, format!("{what} is empty"));
            return None;
        }
        Some(text)
    }

    pub(crate) fn texts(&mut self, node: Option<&Node<'_>>, what: &str) -> Vec<Text> {
        let items = self.list(node, what);
        items.iter().filter_map(|item| self.text(Some(item), &format!("an entry of {what}"))).collect()
    }

    /// A string, or a list of strings with at least one entry.
    pub(crate) fn one_or_many(&mut self, node: Option<&Node<'_>>, what: &str) -> Vec<Text> {
        match node {
            Some(Node { value: Value::Array(items), span }) => {
                if items.is_empty() {
                    self.error(Code::InvalidValue, *span, format!("{what} is an empty array"));
                }
                items
                    .iter()
                    .filter_map(|item| self.text(Some(item), &format!("an entry of {what}")))
                    .collect()
            }
            Some(Node { value: Value::String(_), .. }) => self.text(node, what).into_iter().collect(),
            Some(node) => {
                self.wrong_type(node, what, "a string or an array of strings");
                Vec::new()
            }
            None => Vec::new(),
        }
    }

    /// The texts of an object whose keys are names and whose values are text.
    pub(crate) fn text_map(&mut self, node: Option<&Node<'_>>, what: &str) -> Vec<(Text, Text)> {
        let mut read = Vec::new();
        for member in self.map(node, what) {
            let key = key_of(member);
            if let Some(value) = self.text(Some(&member.value), &format!("`{}` of {what}", member.key)) {
                read.push((key, value));
            }
        }
        read
    }

    pub(crate) fn flag(&mut self, node: Option<&Node<'_>>, what: &str) -> Option<bool> {
        let node = node?;
        let Value::Bool(flag) = node.value else {
            self.wrong_type(node, what, "true or false");
            return None;
        };
        Some(flag)
    }

    pub(crate) fn count(&mut self, node: &Node<'_>, what: &str) -> Option<u32> {
        let Value::Number(text) = node.value else {
            self.wrong_type(node, what, "a number");
            return None;
        };
        let number = text.parse().ok();
        if number.is_none() {
            let message = format!("{what} is a whole number from 0, not `{text}`");
            self.error(Code::InvalidValue, node.span, message);
        }
        number
    }

    /// One of a list of words.
    pub(crate) fn word<'w>(&mut self, text: &Text, words: &[&'w str], what: &str) -> Option<&'w str> {
        let found = words.iter().copied().find(|word| *word == text.value);
        if found.is_none() {
            let help = match nearest(&text.value, words.iter().copied()) {
                Some(word) => format!("did you mean `{word}`?"),
                None => format!("it is one of {}", listed(words.iter().copied())),
            };
            self.error_with_help(
                Code::InvalidValue,
                text.span,
                format!("`{}` is not {what}", text.value),
                help,
            );
        }
        found
    }

    /// A policy, in place or in a file of its own. With `refusable` a policy with findings is kept as text.
    pub(crate) fn document(
        &mut self,
        kind: PolicyKind,
        node: &Node<'_>,
        refusable: bool,
    ) -> Option<Document> {
        let Value::Object(members) = &node.value else {
            self.error_with_help(
                Code::WrongType,
                node.span,
                format!("the {kind} is an object, not {}", node.value.type_name()),
                "write the policy as it stands in AWS, or `{\"file\": \"policies/name.json\"}`",
            );
            return None;
        };
        let has = |name: &str| members.iter().any(|member| member.key == name);
        if has("file") {
            return self.file(kind, node, refusable);
        }
        if !has("Statement") && !has("Version") && !refusable {
            let help = meant(members, &["file", "Statement", "Version"]).unwrap_or_else(|| {
                "write the policy as it stands in AWS, with `Version` and `Statement`, \
                 or `{\"file\": \"policies/name.json\"}`"
                    .to_owned()
            });
            let article = if kind == PolicyKind::Identity { "an" } else { "a" };
            let message = format!("this is neither {article} {kind} nor a reference to a file");
            self.error_with_help(Code::WrongType, node.span, message, help);
            return None;
        }
        match Policy::from_node(kind, self.source, node) {
            Ok(policy) => Some(self.valid(policy)),
            Err(_) if refusable => Some(Document::Refusable(in_place(self.source, node.span))),
            Err(error) => {
                self.findings.extend(finding::of_policy(&error));
                None
            }
        }
    }

    fn valid(&mut self, policy: Policy) -> Document {
        self.findings.extend(policy.warnings().iter().map(Finding::from));
        Document::Valid(policy)
    }

    fn file(&mut self, kind: PolicyKind, node: &Node<'_>, refusable: bool) -> Option<Document> {
        let fields = self.object(node, &FILE)?;
        let path = self.some_text(fields.get("file"), "the path of a file")?;
        if let Some(message) = not_a_path(&path.value) {
            self.error_with_help(
                Code::InvalidValue,
                path.span,
                message,
                "write it from this file's own folder, with `/` between the names",
            );
            return None;
        }
        let source = match read_loaded(self.source, path.span, &joined(self.folder, &path.value), self.load) {
            Ok(source) => source,
            Err(finding) => {
                self.findings.push(finding);
                return None;
            }
        };
        if !self.files.contains(&source) {
            self.files.push(source.clone());
        }
        match Policy::parse(kind, &source) {
            Ok(policy) => Some(self.valid(policy)),
            Err(_) if refusable => Some(Document::Refusable(source)),
            Err(error) => {
                self.findings.extend(finding::of_policy(&error));
                None
            }
        }
    }
}

/// A file that another one refers to, or why there is none; `path` is relative to the scenario.
pub(crate) fn read_loaded(
    referring: &Source,
    span: Span,
    path: &str,
    load: &mut Loader<'_>,
) -> Result<Source, Finding> {
    let loaded = load(path).map_err(|reason| {
        let message = format!("the file `{path}` can't be read: {reason}");
        Finding::error(referring, Code::UnreadableFile, span, message)
            .with_help("a path is relative to the folder of the file it stands in")
    })?;
    Source::from_bytes(loaded.name, loaded.bytes).map_err(Finding::from)
}

/// A part of a text as a text of its own, in which everything keeps its line and column: what stands before
/// it is white space, which JSON allows.
fn in_place(source: &Source, span: Span) -> Source {
    let before = source.text_of(Span::new(0, span.start)).chars();
    let blank: String = before.map(|letter| if letter == '\n' { '\n' } else { ' ' }).collect();
    Source::new(source.name(), blank + source.text_of(span))
}

/// Advice for an object none of whose keys is among those that would tell what it is.
pub(crate) fn meant(members: &[Member<'_>], keys: &[&str]) -> Option<String> {
    let near = members.iter().find_map(|member| nearest(&member.key, keys.iter().copied()))?;
    Some(format!("did you mean `{near}`?"))
}

pub(crate) fn key_of(member: &Member<'_>) -> Text {
    Spanned::new(member.key.clone().into_owned(), member.key_span)
}

/// `a`, `b` and `c`, each in backticks.
pub(crate) fn listed<'w>(words: impl IntoIterator<Item = &'w str>) -> String {
    let quoted: Vec<String> = words.into_iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        None => String::new(),
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
    }
}

/// A documentation sentence as advice: lower case, no full stop.
fn sentence(doc: &str) -> String {
    let doc = doc.strip_suffix('.').unwrap_or(doc);
    let mut letters = doc.chars();
    // An abbreviation such as `OIDC` keeps its case.
    match (letters.next(), letters.clone().next()) {
        (Some(first), Some(second)) if !second.is_uppercase() => {
            first.to_lowercase().chain(letters).collect()
        }
        _ => doc.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::collections::BTreeSet;

    use super::*;
    use crate::schema::objects;

    thread_local! {
        /// Every field that was asked for on this thread, by the id of its object.
        pub(super) static READ: RefCell<BTreeSet<(&'static str, String)>> = const { RefCell::new(BTreeSet::new()) };
    }

    /// A scenario with each kind of object in it.
    const EVERYTHING: &str = r#"{
      "scenario": "One of each",
      "include": ["world.json"],
      "organization": { "management": "111122223333", "root": { "units": { "workloads": {} } } },
      "defaults": {},
      "accounts": {
        "111122223333": {
          "users": { "dev": { "policies": { "p": { "file": "p.json" } } } },
          "groups": { "developers": {} },
          "roles": {
            "a": { "trust": { "service": "lambda.amazonaws.com" } },
            "b": { "trust": { "account": "111122223333" } },
            "c": { "trust": { "webIdentity": "google", "audience": "app" } },
            "d": { "trust": { "saml": "ADFS" } }
          },
          "resources": {
            "arn:aws:kms:eu-west-1:111122223333:key/1": {
              "grants": { "g": { "grantee": "user/dev", "operations": ["Decrypt"] } }
            }
          },
          "vpcEndpoints": { "vpce-1": { "vpc": "vpc-1" } }
        }
      },
      "steps": [
        { "as": "dev", "do": "iam:ListUsers", "expect": { "decision": "deny" } },
        { "as": "dev", "assume": "b", "session": "one", "mfa": { "device": "phone" } },
        {
          "assume": "c", "session": "two",
          "webIdentity": { "issuer": "accounts.google.com", "subject": "s", "audience": "app" }
        },
        { "assume": "d", "session": "three", "saml": { "provider": "ADFS", "subject": "s" } },
        { "signIn": "dev", "becomes": "console" },
        { "as": "console", "switchRole": { "account": "111122223333", "role": "b" }, "becomes": "four" },
        { "as": "dev", "getSessionToken": "five" },
        { "as": "dev", "getFederationToken": "six" },
        { "as": "dev", "assumeRoot": "444455556666", "task": "S3UnlockBucketPolicy", "becomes": "seven" },
        { "wait": "1m" },
        { "at": "2030-02-01T00:00:00Z" },
        { "change": "dev", "tags": {} },
        { "change": "developers", "policies": {} },
        { "change": "a", "tags": {} },
        { "change": "arn:aws:kms:eu-west-1:111122223333:key/1", "policy": null },
        { "change": "111122223333", "users": {} },
        { "change": "organization", "root": {} },
        { "delete": "a" },
        { "rename": "dev", "to": "ops" },
        { "remember": "now" },
        { "compare": "now", "as": "ops", "do": "iam:List*", "expect": { "newlyAllowed": [{ "do": "iam:List*" }] } },
        { "whatIf": [{ "delete": "ops" }], "as": "ops", "do": "iam:ListUsers" }
      ],
      "never": [{ "as": "dev", "do": "iam:DeleteUser", "on": "user/dev" }]
    }"#;

    const INCLUDED: &str = r#"{ "world": "Included", "defaults": {} }"#;

    #[test]
    fn every_field_of_the_tables_is_read() {
        let source = Source::new("everything.json", EVERYTHING);
        let policy = r#"{ "Version": "2012-10-17", "Statement": { "Effect": "Allow", "Action": "*", "Resource": "*" } }"#;
        let mut load = |path: &str| {
            let bytes = if path == "p.json" { policy } else { INCLUDED };
            Ok(Loaded { name: path.to_owned(), bytes: bytes.into() })
        };
        crate::read::read(&source, &mut load).unwrap_or_else(|findings| panic!("{findings:#?}"));
        let read = READ.take();
        let known = objects()
            .into_iter()
            .flat_map(|object| object.fields.iter().map(|field| (object.id, field.name.to_owned())));
        let never: Vec<_> = known.filter(|field| !read.contains(field)).collect();
        assert_eq!(never, []);
    }

    #[test]
    fn advice_begins_in_lower_case_unless_it_begins_with_an_abbreviation() {
        assert_eq!(sentence("The title, as a sentence."), "the title, as a sentence");
        assert_eq!(sentence("OIDC providers."), "OIDC providers");
        assert_eq!(listed(["a", "b", "c"]), "`a`, `b` and `c`");
        assert_eq!(listed([]), "");
    }
}
