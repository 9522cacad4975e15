//! Policy documents as the world stores them: read and compiled once, however many principals share them.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use iamsim_eval::{Attached, Program};
use iamsim_policy::{ContextKey, Policy, PolicyError, PolicyKind, Source, WriteRefusal, check_write};

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

#[derive(Debug)]
struct Stored {
    policy: Policy,
    /// The program, attached under the name of the text.
    attached: Attached,
    program: Arc<Program>,
    /// The rows of the context's table that its keys ask for.
    rows: Rows,
    counted: usize,
    /// What AWS says to it when it is written, once asked.
    written: OnceLock<Result<(), WriteRefusal>>,
}

impl Document {
    fn new(policy: Policy) -> Self {
        let program = Arc::new(Program::compile(&policy));
        let counted = counted_size(policy.source().text_of(policy.span()));
        let attached = Attached::new(policy.source().name(), program.clone());
        let rows = Rows::of(program.keys());
        Self(Arc::new(Stored { policy, attached, program, rows, counted, written: OnceLock::new() }))
    }

    /// The policy.
    pub fn policy(&self) -> &Policy {
        &self.0.policy
    }

    /// The text, as it was given or as the world has rewritten it since (TRU-31).
    pub fn text(&self) -> &str {
        self.0.policy.source().text_of(self.0.policy.span())
    }

    /// The characters that count against a quota (QUO-29).
    pub fn counted_size(&self) -> usize {
        self.0.counted
    }

    /// The text alone, as a call of AWS's would carry it.
    pub(crate) fn source(&self) -> Source {
        Source::new(self.0.policy.source().name(), self.text())
    }

    fn check_written(&self) -> Result<(), ModelError> {
        let check = || check_write(self.0.policy.kind(), &self.source()).map(|_| ());
        self.0.written.get_or_init(check).as_ref().map_err(ModelError::refused).copied()
    }

    /// The program, attached under the name of the text.
    pub(crate) fn attached_as_named(&self) -> Attached {
        self.0.attached.clone()
    }

    /// The context keys its policy asks for, and the rows of the table that fill them.
    pub(crate) fn asks(&self) -> (Rows, &[ContextKey]) {
        (self.0.rows, self.0.program.keys())
    }

    pub(crate) fn attached(&self, name: impl Into<Arc<str>>) -> Attached {
        Attached::new(name, self.0.program.clone())
    }
}

/// Every document that was read, so that none is read twice. Clones share it: it holds nothing that a world
/// could differ in.
#[derive(Clone, Debug, Default)]
pub(crate) struct Documents(Arc<Mutex<BTreeMap<u64, Vec<Document>>>>);

impl Documents {
    /// Reads a document of a kind; `name` is for texts that have none.
    pub(crate) fn read(
        &self,
        kind: PolicyKind,
        name: &str,
        document: &PolicyDocument,
    ) -> Result<Document, ModelError> {
        match &document.0 {
            Form::Text(text) => self.read_source(kind, &Source::new(name, text.clone())),
            Form::Source(source) => self.read_source(kind, source),
            Form::Policy(policy) if policy.kind() == kind => Ok(Document::new(policy.clone())),
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

    fn read_source(&self, kind: PolicyKind, source: &Source) -> Result<Document, ModelError> {
        let mut hasher = DefaultHasher::new();
        (kind, source.name(), source.text()).hash(&mut hasher);
        let hash = hasher.finish();
        let same = |document: &&Document| {
            let own = document.policy();
            own.kind() == kind && own.source().name() == source.name() && own.source().text() == source.text()
        };
        if let Some(found) = self.lock().get(&hash).and_then(|bucket| bucket.iter().find(same)) {
            return Ok(found.clone());
        }
        let policy = Policy::parse(kind, source).map_err(|error| unreadable(kind, source, &error))?;
        let document = Document::new(policy);
        self.lock().entry(hash).or_default().push(document.clone());
        Ok(document)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<u64, Vec<Document>>> {
        // A cache is whole after any panic: entries are pushed complete.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
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
