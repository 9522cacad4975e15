//! The configuration: which rules speak how loud, which accounts are one's own, and what was looked at and is
//! meant so.
//!
//! It is JSON, as the policies are, and read by the same reader: its mistakes have places, and nobody needs a
//! second syntax. What would be a comment in another format is the `reason` of a waiver, which reports show.
//!
//! ```json
//! {
//!   "accounts": ["111122223333"],
//!   "rules": {"redundant-action": "off", "pass-role-any": "error"},
//!   "waivers": [
//!     {
//!       "rule": "privilege-escalation",
//!       "policy": "policies/admins.json",
//!       "statement": "ManageUsers",
//!       "reason": "only the on-call group holds it, and each use pages the security team"
//!     }
//!   ]
//! }
//! ```

use std::collections::BTreeMap;

use iamsim_policy::json::{self, Node, Value};
use iamsim_policy::{AccountId, Code, Source, Span, quote, suggest};

use crate::finding::{Finding, Level};
use crate::rule::Rule;
use crate::waiver::{INVALID_CONFIG, Waiver};

/// How rules are to speak, and what is waived.
///
/// ```
/// use iamsim_lint::{Config, Level};
/// use iamsim_policy::Source;
///
/// let text = r#"{"rules": {"redundant-action": "off", "pass-role-any": "error"}}"#;
/// let config = Config::parse(&Source::new("iamsim-lint.json", text)).unwrap();
/// assert_eq!(config.level("redundant-action"), Some(None));
/// assert_eq!(config.level("pass-role-any"), Some(Some(Level::Error)));
/// assert_eq!(config.level("unknown-action"), None);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Config {
    pub(crate) source: Option<Source>,
    pub(crate) accounts: Vec<AccountId>,
    /// By code; none is off.
    levels: BTreeMap<&'static str, Option<Level>>,
    pub(crate) waivers: Vec<Waiver>,
}

impl Config {
    /// Reads a configuration.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it, with its place.
    pub fn parse(source: &Source) -> Result<Self, Vec<Finding>> {
        let node = json::parse(source).map_err(|diagnostic| vec![Finding::from(&diagnostic)])?;
        let mut reader = Reader { source, findings: Vec::new() };
        let config = reader.config(&node);
        if reader.findings.is_empty() { Ok(config) } else { Err(reader.findings) }
    }

    /// Adds an account of the author's own: trust in it is no trust in a third party.
    #[must_use]
    pub fn with_account(mut self, account: AccountId) -> Self {
        self.accounts.push(account);
        self
    }

    /// Sets the level of a code, or turns it off with none. Unknown codes are passed over.
    #[must_use]
    pub fn with_level(mut self, code: &str, level: Option<Level>) -> Self {
        if let Some(code) = known_code(code) {
            self.levels.insert(code, level);
        }
        self
    }

    /// What the configuration says of a code: nothing, off, or a level.
    pub fn level(&self, code: &str) -> Option<Option<Level>> {
        self.levels.get(code).copied()
    }
}

/// The stable code with this name: a rule's, or one of the policy language's.
pub(crate) fn known_code(code: &str) -> Option<&'static str> {
    let of_language = || Code::ALL.iter().map(|known| known.as_str()).find(|known| *known == code);
    Rule::find(code).map(Rule::code).or_else(of_language)
}

/// The code nearest to one that does not exist.
pub(crate) fn nearest_code(code: &str) -> Option<&'static str> {
    let rules = Rule::all().iter().map(|rule| rule.code());
    suggest::nearest(code, rules.chain(Code::ALL.iter().map(|code| code.as_str())))
}

struct Reader<'s> {
    source: &'s Source,
    findings: Vec<Finding>,
}

impl Reader<'_> {
    fn wrong(&mut self, span: Span, message: impl Into<String>, help: impl Into<String>) {
        let mut finding = Finding::new(INVALID_CONFIG, Level::Error, self.source, span, message);
        finding.help_with(help);
        self.findings.push(finding);
    }

    fn config(&mut self, node: &Node<'_>) -> Config {
        let mut config = Config { source: Some(self.source.clone()), ..Config::default() };
        self.fields(node, "the configuration", &["accounts", "rules", "waivers"], |reader, key, value| {
            match key {
                "accounts" => reader.items(value, |reader, item| {
                    if let Some(text) = reader.text(item, "an account") {
                        match text.parse() {
                            Ok(account) => config.accounts.push(account),
                            Err(_) => reader.wrong(
                                item.span,
                                format!("{} is no account id", quote(text)),
                                "write its twelve digits, as a string",
                            ),
                        }
                    }
                }),
                "rules" => reader.rules(value, &mut config),
                _ => reader.items(value, |reader, item| {
                    if let Some(waiver) = reader.waiver(item) {
                        config.waivers.push(waiver);
                    }
                }),
            }
        });
        config
    }

    fn rules(&mut self, node: &Node<'_>, config: &mut Config) {
        let Value::Object(members) = &node.value else {
            self.wrong(node.span, "`rules` is an object", "write `{\"CODE\": \"off\"}`");
            return;
        };
        for member in members {
            let Some(code) = self.code(&member.key, member.key_span) else { continue };
            let Some(text) = self.text(&member.value, "a level") else { continue };
            match (text, Level::parse(text)) {
                ("off", _) => config.levels.insert(code, None),
                (_, Some(level)) => config.levels.insert(code, Some(level)),
                _ => {
                    let message = format!("{} is no level", quote(text));
                    self.wrong(member.value.span, message, "write `off`, `note`, `warning` or `error`");
                    continue;
                }
            };
        }
    }

    fn waiver(&mut self, node: &Node<'_>) -> Option<Waiver> {
        let mut waiver = Waiver { span: node.span, ..Waiver::default() };
        let names = ["rule", "policy", "statement", "reason"];
        self.fields(node, "a waiver", &names, |reader, key, value| {
            let Some(text) = reader.text(value, "a waiver's field") else { return };
            match key {
                "rule" => waiver.rule = reader.code(text, value.span),
                "policy" => waiver.policy = Some(text.to_owned()),
                "statement" => waiver.statement = Some(text.to_owned()),
                _ => text.clone_into(&mut waiver.reason),
            }
        });
        if !matches!(node.value, Value::Object(_)) {
            return None;
        }
        let has = |name: &str| {
            let Value::Object(members) = &node.value else { return false };
            members.iter().any(|member| member.key == name)
        };
        if !has("rule") {
            self.wrong(node.span, "the waiver names no rule", "add `\"rule\": \"CODE\"`");
        }
        if waiver.reason.trim().is_empty() {
            self.wrong(
                node.span,
                "the waiver gives no reason",
                "add `\"reason\"`: whoever reads the report wants to know why this is meant so",
            );
        }
        Some(waiver)
    }

    fn code(&mut self, written: &str, span: Span) -> Option<&'static str> {
        let known = known_code(written);
        if known.is_none() {
            let help = match nearest_code(written) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "`docs/rules/README.md` lists the rules".to_owned(),
            };
            self.wrong(span, format!("there is no rule {}", quote(written)), help);
        }
        known
    }

    fn fields(
        &mut self,
        node: &Node<'_>,
        what: &str,
        names: &[&str],
        mut each: impl FnMut(&mut Self, &str, &Node<'_>),
    ) {
        let Value::Object(members) = &node.value else {
            self.wrong(
                node.span,
                format!("{what} is an object, not {}", node.value.type_name()),
                "see `docs/rules/README.md`",
            );
            return;
        };
        for (member, _) in json::duplicates(members) {
            self.wrong(member.key_span, format!("{} is there twice", quote(&member.key)), "keep one of them");
        }
        for member in members {
            let key: &str = &member.key;
            if names.contains(&key) {
                each(self, key, &member.value);
                continue;
            }
            let help = match suggest::nearest(key, names.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("its fields are {}", crate::rule::listed(names.iter().copied())),
            };
            self.wrong(member.key_span, format!("{what} has no field {}", quote(key)), help);
        }
    }

    fn items(&mut self, node: &Node<'_>, mut each: impl FnMut(&mut Self, &Node<'_>)) {
        match &node.value {
            Value::Array(items) => items.iter().for_each(|item| each(self, item)),
            other => {
                let message = format!("this is a list, not {}", other.type_name());
                self.wrong(node.span, message, "write `[…]`");
            }
        }
    }

    fn text<'n>(&mut self, node: &'n Node<'_>, what: &str) -> Option<&'n str> {
        if let Value::String(text) = &node.value {
            return Some(text);
        }
        self.wrong(
            node.span,
            format!("{what} is a string, not {}", node.value.type_name()),
            "write it in quotes",
        );
        None
    }
}
