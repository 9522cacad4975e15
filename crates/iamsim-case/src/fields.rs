//! Fields of a case's JSON, each taken once, with a finding for every mistake.

use iamsim_policy::json::{Member, Node, Value, duplicates};
use iamsim_policy::{Code, Diagnostic, Severity, Source, Span, suggest};

/// The members of an object, and the findings so far.
pub(crate) struct Fields<'n, 's> {
    source: &'s Source,
    span: Span,
    members: &'n [Member<'s>],
    pub(crate) findings: Vec<Diagnostic>,
    /// How grave a mistake in the fields read now is: those that never influence the decision only warn.
    pub(crate) severity: Severity,
}

impl<'n, 's> Fields<'n, 's> {
    /// The members of `node`, which must be an object with no keys but `known`.
    pub(crate) fn of(source: &'s Source, node: &'n Node<'s>, known: &[&str]) -> Result<Self, Diagnostic> {
        let Value::Object(members) = &node.value else {
            let message = mismatch(node, "a case and a policy in it", "an object");
            return Err(Diagnostic::error(source, Code::WrongType, node.span, message));
        };
        let mut findings = Vec::new();
        for (member, first) in duplicates(members) {
            let message = format!("the field `{}` stands here twice", member.key);
            findings.push(
                Diagnostic::error(source, Code::DuplicateKey, member.key_span, message)
                    .with_related(first, "first here")
                    .with_help("keep one of the two"),
            );
        }
        for member in members.iter().filter(|member| !known.contains(&&*member.key)) {
            let message = format!("the case format has no field `{}` here", member.key);
            let (code, span) = (Code::UnknownElement, member.key_span);
            // A slip of the pen must not change the question in silence; a tool's own note may stand.
            findings.push(match suggest::nearest(&member.key, known.iter().copied()) {
                Some(near) => Diagnostic::error(source, code, span, message)
                    .with_help(format!("did you mean `{near}`?")),
                None => Diagnostic::warning(source, code, span, message).with_help("it is ignored"),
            });
        }
        Ok(Self { source, span: node.span, members, findings, severity: Severity::Error })
    }

    /// A field that may be missing.
    pub(crate) fn optional(&self, name: &str) -> Option<&'n Node<'s>> {
        self.members.iter().find(|member| member.key == name).map(|member| &member.value)
    }

    /// A field that must be there.
    pub(crate) fn required(&mut self, name: &str) -> Option<&'n Node<'s>> {
        let found = self.optional(name);
        if found.is_none() {
            let span = Span::new(self.span.start, self.span.start + 1);
            let message = format!("the field `{name}` is missing");
            self.findings.push(Diagnostic::error(self.source, Code::Missing, span, message));
        }
        found
    }

    /// A text that must be there.
    pub(crate) fn text(&mut self, name: &str) -> Option<(&'n str, Span)> {
        let node = self.required(name)?;
        self.text_of(name, node)
    }

    /// A node as text.
    pub(crate) fn text_of(&mut self, name: &str, node: &'n Node<'s>) -> Option<(&'n str, Span)> {
        if let Value::String(text) = &node.value {
            return Some((text, node.span));
        }
        self.wrong_type(node, &format!("`{name}`"), "a string");
        None
    }

    /// A node as an array.
    pub(crate) fn array_of(&mut self, name: &str, node: &'n Node<'s>) -> &'n [Node<'s>] {
        if let Value::Array(items) = &node.value {
            return items;
        }
        self.wrong_type(node, &format!("`{name}`"), "an array");
        &[]
    }

    /// An array that must be there.
    pub(crate) fn array(&mut self, name: &str) -> &'n [Node<'s>] {
        match self.required(name) {
            Some(node) => self.array_of(name, node),
            None => &[],
        }
    }

    /// A finding about a value of the right type that is wrong all the same.
    pub(crate) fn invalid(&mut self, span: Span, message: impl Into<Box<str>>) {
        self.report(span, message.into());
    }

    /// A finding about a value of the wrong type.
    pub(crate) fn wrong_type(&mut self, node: &Node<'_>, what: &str, wanted: &str) {
        self.report(node.span, mismatch(node, what, wanted).into());
    }

    fn report(&mut self, span: Span, message: Box<str>) {
        self.findings.push(match self.severity {
            Severity::Error => Diagnostic::error(self.source, Code::WrongType, span, message),
            Severity::Warning => Diagnostic::warning(self.source, Code::WrongType, span, message),
        });
    }

    /// The text the fields stand in.
    pub(crate) fn source(&self) -> &'s Source {
        self.source
    }
}

fn mismatch(node: &Node<'_>, what: &str, wanted: &str) -> String {
    format!("{what} must be {wanted}, and is {}", node.value.type_name())
}
