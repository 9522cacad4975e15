//! Policy documents as the world stores them: read and compiled once, however many principals share them.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use iamsim_eval::{Attached, Program};
use iamsim_policy::{ContextKey, Policy, PolicyError, PolicyKind, Source, check_write};

use crate::context::Rows;
use crate::error::{ErrorCode, ModelError};
use crate::name::counted_size;

/// A policy's text on its way into the world: a `&str`, a [`Source`] with a file's name, or a [`Policy`] that
/// has been read already.
///
/// A text without a name gets the one it is attached under, so that a place in it reads `developer:3:5`.
#[derive(Clone, Debug)]
pub struct PolicyDocument(Form);

#[derive(Clone, Debug)]
enum Form {
    Text(Box<str>),
    Source(Source),
    Policy(Policy),
}

impl From<&str> for PolicyDocument {
    fn from(text: &str) -> Self {
        Self(Form::Text(text.into()))
    }
}

impl From<String> for PolicyDocument {
    fn from(text: String) -> Self {
        Self(Form::Text(text.into()))
    }
}

impl From<&String> for PolicyDocument {
    fn from(text: &String) -> Self {
        Self(Form::Text(text.as_str().into()))
    }
}

impl From<Source> for PolicyDocument {
    fn from(source: Source) -> Self {
        Self(Form::Source(source))
    }
}

impl From<&Source> for PolicyDocument {
    fn from(source: &Source) -> Self {
        Self(Form::Source(source.clone()))
    }
}

impl From<Policy> for PolicyDocument {
    fn from(policy: Policy) -> Self {
        Self(Form::Policy(policy))
    }
}

impl From<&Policy> for PolicyDocument {
    fn from(policy: &Policy) -> Self {
        Self(Form::Policy(policy.clone()))
    }
}

impl PolicyDocument {
    /// The text as it will be stored.
    pub fn text(&self) -> &str {
        match &self.0 {
            Form::Text(text) => text,
            Form::Source(source) => source.text(),
            Form::Policy(policy) => policy.source().text_of(policy.span()),
        }
    }
}

/// A stored policy: valid for its kind, and ready to be asked. Cloning is a reference count.
#[derive(Clone, Debug)]
pub struct Document(Arc<Stored>);

/// A document under its name.
#[derive(Debug)]
struct Stored {
    program: Arc<Program>,
    /// The program, attached under the name of the text.
    attached: Attached,
    text: Arc<OfText>,
}

/// What is known of a text, whatever it is called.
#[derive(Debug)]
struct OfText {
    /// The rows of the context's table that its keys ask for.
    rows: Rows,
    counted: usize,
    /// That AWS takes it when it is written, once that is known.
    accepted: OnceLock<()>,
}

impl Document {
    fn new(policy: &Policy) -> Self {
        let counted = counted_size(policy.source().text_of(policy.span()));
        let program = Program::compile(policy);
        let text = OfText { rows: Rows::of(program.keys()), counted, accepted: OnceLock::new() };
        Self::of(program, Arc::new(text))
    }

    /// The document of a policy that says the same letter for letter, without compiling it.
    fn share(&self, policy: &Policy) -> Option<Self> {
        Some(Self::of(self.0.program.share(policy)?, self.0.text.clone()))
    }

    fn of(program: Program, text: Arc<OfText>) -> Self {
        let program = Arc::new(program);
        let attached = Attached::new(program.policy().source().name(), program.clone());
        Self(Arc::new(Stored { program, attached, text }))
    }

    /// The policy.
    pub fn policy(&self) -> &Policy {
        self.0.program.policy()
    }

    /// The text, as it was given or as the world has rewritten it since (TRU-31).
    pub fn text(&self) -> &str {
        self.policy().source().text_of(self.policy().span())
    }

    /// The characters that count against a quota (QUO-29).
    pub fn counted_size(&self) -> usize {
        self.0.text.counted
    }

    /// The text alone, as a call of AWS's would carry it.
    pub(crate) fn source(&self) -> Source {
        Source::new(self.policy().source().name(), self.text())
    }

    fn check_written(&self) -> Result<(), ModelError> {
        if self.0.text.accepted.get().is_none() {
            check_write(self.policy().kind(), &self.source())
                .map_err(|refusal| ModelError::refused(&refusal))?;
            // Whoever was faster came to the same.
            let _ = self.0.text.accepted.set(());
        }
        Ok(())
    }

    /// The program, attached under the name of the text.
    pub(crate) fn attached_as_named(&self) -> Attached {
        self.0.attached.clone()
    }

    /// The context keys its policy asks for, and the rows of the table that fill them.
    pub(crate) fn asks(&self) -> (Rows, &[ContextKey]) {
        (self.0.text.rows, self.0.program.keys())
    }

    pub(crate) fn attached(&self, name: impl Into<Arc<str>>) -> Attached {
        Attached::new(name, self.0.program.clone())
    }
}

/// Every document that is in use, so that no text is read or compiled twice, whatever it is called. Clones share
/// it: it holds nothing that a world could differ in.
#[derive(Clone, Debug, Default)]
pub(crate) struct Documents(Arc<Mutex<Known>>);

#[derive(Debug, Default)]
struct Known {
    /// By kind and text, and by name: their hashes.
    documents: BTreeMap<(u64, u64), Vec<Document>>,
    count: usize,
    /// How many were in use when that was last looked at.
    used: usize,
}

impl Documents {
    /// Reads a document of a kind; `name` is for texts that have none.
    pub(crate) fn read(
        &self,
        kind: PolicyKind,
        name: &str,
        document: &PolicyDocument,
    ) -> Result<Document, ModelError> {
        match &document.0 {
            Form::Text(text) => self.read_text(kind, name, text, || Source::new(name, text.clone())),
            Form::Source(source) => self.read_text(kind, source.name(), source.text(), || source.clone()),
            Form::Policy(policy) if policy.kind() == kind => Ok(self.take(policy)),
            Form::Policy(policy) => Err(ModelError::new(
                ErrorCode::ValidationError,
                format!("a {kind} is asked for here, and the document was read as a {}", policy.kind()),
            )),
        }
    }

    /// Reads a document that is written by a call of AWS's, which takes less than what may be stored (POL-11,
    /// TRU-27, TRU-35 and others).
    pub(crate) fn write(
        &self,
        kind: PolicyKind,
        name: &str,
        document: &PolicyDocument,
    ) -> Result<Document, ModelError> {
        let document = self.read(kind, name, document)?;
        document.check_written()?;
        Ok(document)
    }

    fn read_text(
        &self,
        kind: PolicyKind,
        name: &str,
        text: &str,
        source: impl FnOnce() -> Source,
    ) -> Result<Document, ModelError> {
        let key = key(kind, name, text);
        let is_text = |document: &&Document| {
            document.policy().kind() == kind && document.policy().source().text() == text
        };
        let known = self.lock();
        let found = known.named(key).filter(is_text).find(|found| found.policy().source().name() == name);
        if let Some(found) = found {
            return Ok(found.clone());
        }
        let policy = known.of_text(key).find(is_text).map(|found| found.policy().named(name));
        drop(known);
        let policy = policy.map_or_else(
            || {
                let source = source();
                Policy::parse(kind, &source).map_err(|error| unreadable(kind, &source, &error))
            },
            Ok,
        )?;
        Ok(self.add(key, &policy))
    }

    /// Takes a policy that was read elsewhere, with its places.
    fn take(&self, policy: &Policy) -> Document {
        let key = key(policy.kind(), policy.source().name(), policy.source().text_of(policy.span()));
        let is_it = |document: &&Document| {
            let own = document.policy();
            own.kind() == policy.kind() && own.span() == policy.span() && own.source() == policy.source()
        };
        if let Some(found) = self.lock().named(key).find(is_it) {
            return found.clone();
        }
        self.add(key, policy)
    }

    fn add(&self, key: (u64, u64), policy: &Policy) -> Document {
        let shared = self.lock().of_text(key).find_map(|found| found.share(policy));
        let document = shared.unwrap_or_else(|| Document::new(policy));
        self.lock().add(key, document.clone());
        document
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Known> {
        // A cache is whole after any panic: entries are pushed complete.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    /// Those of one kind, text and name.
    fn named(&self, key: (u64, u64)) -> impl Iterator<Item = &Document> {
        self.documents.get(&key).into_iter().flatten()
    }

    /// Those of one kind and text.
    fn of_text(&self, (text, _): (u64, u64)) -> impl Iterator<Item = &Document> {
        self.documents.range((text, 0)..=(text, u64::MAX)).flat_map(|(_, documents)| documents)
    }

    fn add(&mut self, key: (u64, u64), document: Document) {
        if self.count > 2 * self.used + FEW {
            self.forget_unused();
        }
        self.documents.entry(key).or_insert_with(|| Vec::with_capacity(1)).push(document);
        self.count += 1;
    }

    /// Drops what no world and no snapshot holds any more: a world that is edited for hours does not grow.
    fn forget_unused(&mut self) {
        self.documents.retain(|_, documents| {
            documents.retain(|document| Arc::strong_count(&document.0) > 1);
            !documents.is_empty()
        });
        self.count = self.documents.values().map(Vec::len).sum();
        self.used = self.count;
    }
}

/// So many may lie about unused.
const FEW: usize = 64;

/// Two hashes, so that the text itself is kept once, in its document.
fn key(kind: PolicyKind, name: &str, text: &str) -> (u64, u64) {
    (hash((kind, text)), hash(name))
}

fn hash(value: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// AWS's words for a text that is no policy of its kind, with all our findings.
fn unreadable(kind: PolicyKind, source: &Source, error: &PolicyError) -> ModelError {
    match check_write(kind, source) {
        Err(refusal) => ModelError::refused(&refusal),
        Ok(_) => ModelError::new(ErrorCode::MalformedPolicyDocument, "Syntax errors in policy.")
            .with_reason(error.to_string())
            .with_diagnostics(error.diagnostics()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "{\"Version\": \"2012-10-17\",\n \"Statement\": {\"Effect\": \"Allow\", \"Action\": \"s3:Get*\", \"Resource\": \"*\"}}";

    fn read(documents: &Documents, kind: PolicyKind, name: &str, text: &str) -> Document {
        documents.read(kind, name, &text.into()).unwrap()
    }

    fn place(document: &Document) -> String {
        let statement = document.policy().statements().first().unwrap();
        document.policy().source().place(statement.span()).to_string()
    }

    fn are_one(first: &Document, second: &Document) -> bool {
        first.0.program.is_shared_with(&second.0.program)
    }

    #[test]
    fn a_text_is_compiled_and_held_once_whatever_it_is_called() {
        let documents = Documents::default();
        let identity = |name: &str| read(&documents, PolicyKind::Identity, name, TEXT);
        let (reader, writer) = (identity("reader"), identity("writer"));
        assert!(are_one(&reader, &writer));
        assert!(std::ptr::eq(reader.text(), writer.text()));
        assert_eq!((place(&reader), place(&writer)), ("reader:2:15".to_owned(), "writer:2:15".to_owned()));
        assert!(Arc::ptr_eq(&identity("reader").0, &reader.0), "one name is one document");
        let file = Source::new("a/file.json", TEXT);
        let of_file = documents.read(PolicyKind::Identity, "reader", &file.into()).unwrap();
        assert!(are_one(&of_file, &reader));
        assert_eq!(place(&of_file), "a/file.json:2:15");
    }

    #[test]
    fn another_text_and_another_kind_are_compiled_by_themselves() {
        let documents = Documents::default();
        let first = read(&documents, PolicyKind::Identity, "p", TEXT);
        assert!(!are_one(&first, &read(&documents, PolicyKind::Session, "p", TEXT)));
        let edited = TEXT.replace("Get", "Put");
        assert!(!are_one(&first, &read(&documents, PolicyKind::Identity, "p", &edited)));
        assert!(are_one(&first, &read(&documents, PolicyKind::Identity, "p", TEXT)), "and the first stays");
    }

    #[test]
    fn a_policy_in_a_file_shares_what_is_compiled_and_keeps_its_place() {
        let documents = Documents::default();
        let file = Source::new("world.json", format!("[\n{TEXT},\n{TEXT}]"));
        let iamsim_policy::json::Value::Array(nodes) = iamsim_policy::json::parse(&file).unwrap().value
        else {
            panic!("it is a list")
        };
        let inline = |place: usize| {
            let policy = Policy::from_node(PolicyKind::Identity, &file, nodes.get(place).unwrap()).unwrap();
            documents.read(PolicyKind::Identity, "", &policy.into()).unwrap()
        };
        let (first, second) = (inline(0), inline(1));
        assert!(are_one(&first, &second));
        assert_eq!((place(&first), place(&second)), ("world.json:3:15".into(), "world.json:5:15".into()));
        assert!(Arc::ptr_eq(&inline(1).0, &second.0), "a policy that is attached twice is one document");
        let alone = read(&documents, PolicyKind::Identity, "alone", TEXT);
        assert!(are_one(&alone, &first));
        assert_eq!((alone.text(), place(&alone).as_str()), (TEXT, "alone:2:15"));
    }

    #[test]
    fn what_nobody_uses_any_more_is_forgotten_and_what_is_used_is_not() {
        let documents = Documents::default();
        let kept = read(&documents, PolicyKind::Identity, "kept", TEXT);
        for number in 0..1_000 {
            read(&documents, PolicyKind::Identity, "edited", &TEXT.replace("Get", &format!("Get{number}")));
        }
        assert!(documents.lock().documents.len() <= FEW + 3, "{}", documents.lock().documents.len());
        assert!(Arc::ptr_eq(&read(&documents, PolicyKind::Identity, "kept", TEXT).0, &kept.0));
    }

    #[test]
    fn what_is_refused_is_refused_under_every_name_and_told_with_that_name() {
        let documents = Documents::default();
        // Stored it may be, and no call takes it.
        let older = TEXT.replace("2012", "2008");
        let unreadable = TEXT.replace("\"*\"", "\"arn:aws:iam::111122223333:nothing\"");
        for name in ["first", "second", "first"] {
            read(&documents, PolicyKind::Identity, name, &older);
            let error = documents.write(PolicyKind::Identity, name, &older.as_str().into()).unwrap_err();
            assert_eq!(error.message(), "Policy document must be version 2012-10-17 or greater.");
            let error = documents.read(PolicyKind::Identity, name, &unreadable.as_str().into()).unwrap_err();
            let reason = error.reason().unwrap();
            assert!(reason.starts_with(&format!("{name}:2:")), "{reason}");
            documents.write(PolicyKind::Identity, name, &TEXT.into()).unwrap();
        }
    }
}
