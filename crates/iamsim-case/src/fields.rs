//! Fields of a case's JSON, each taken once, with a finding for every mistake.

use iamsim_policy::json::{Member, Node, Value, duplicates};
use iamsim_policy::{Code, Diagnostic, Source, Span, suggest};

/// The members of an object, and the findings so far.
pub(crate) struct Fields<'n, 's> {
    source: &'s Source,
    span: Span,
    members: &'n [Member<'s>],
    pub(crate) findings: Vec<Diagnostic>,
}

impl<'n, 's> Fields<'n, 's> {
    /// The members of `node`, which must be an object with no keys but `known`.
    pub(crate) fn of(source: &'s Source, node: &'n Node<'s>, known: &[&str]) -> Result<Self, Diagnostic> {
        let Value::Object(members) = &node.value else {
            return Err(wrong_type(source, node, "a case", "an object"));
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
            let message = format!("a case has no field `{}`", member.key);
            let mut finding = Diagnostic::error(source, Code::UnknownElement, member.key_span, message);
            if let Some(near) = suggest::nearest(&member.key, known.iter().copied()) {
                finding = finding.with_help(format!("`{near}` is the nearest name"));
            }
            findings.push(finding);
        }
        Ok(Self { source, span: node.span, members, findings })
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
        self.findings.push(wrong_type(self.source, node, &format!("`{name}`"), "a string"));
        None
    }

    /// A node as an array.
    pub(crate) fn array_of(&mut self, name: &str, node: &'n Node<'s>) -> &'n [Node<'s>] {
        if let Value::Array(items) = &node.value {
            return items;
        }
        self.findings.push(wrong_type(self.source, node, &format!("`{name}`"), "an array"));
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
        self.findings.push(Diagnostic::error(self.source, Code::WrongType, span, message));
    }

    /// The text the fields stand in.
    pub(crate) fn source(&self) -> &'s Source {
        self.source
    }
}

pub(crate) fn wrong_type(source: &Source, node: &Node<'_>, what: &str, wanted: &str) -> Diagnostic {
    let message = format!("{what} must be {wanted}, and is {}", node.value.type_name());
    Diagnostic::error(source, Code::WrongType, node.span, message)
}
