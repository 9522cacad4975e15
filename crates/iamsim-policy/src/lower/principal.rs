//! `Principal` and `NotPrincipal` (PE-PRN).

use crate::arn::Arn;
use crate::diagnostic::{Code, quote};
use crate::json::{Member, Node, Value};
use crate::policy::{Effect, PolicyKind};
use crate::principal::{PrincipalClause, PrincipalPattern};
use crate::source::{Span, Spanned};

use super::rules::Presence;
use super::{Elements, Lowering, one_or_many};

const KEYS: &[&str] = &["AWS", "Service", "Federated", "CanonicalUser"];

/// The identity providers that are named without an ARN (PE-PRN-14).
const WELL_KNOWN_PROVIDERS: &[&str] =
    &["accounts.google.com", "cognito-identity.amazonaws.com", "graph.facebook.com", "www.amazon.com"];

impl Lowering<'_> {
    pub(super) fn principal_element(
        &mut self,
        statement: &Node<'_>,
        elements: &Elements<'_, '_>,
        effect: Option<Effect>,
    ) -> Option<PrincipalClause> {
        let trust = self.kind == PolicyKind::RoleTrust;
        let forbidden = [
            ("Principal", self.rules.principal, "remove it: the policy speaks of whom it is attached to"),
            (
                "NotPrincipal",
                self.rules.not_principal,
                "name the principals in `Principal`, or exclude them by a condition on `aws:PrincipalArn`",
            ),
        ];
        for (name, presence, help) in forbidden {
            if presence == Presence::Forbidden
                && let Some(member) = elements.get(name)
            {
                self.forbidden(member, help);
            }
        }
        if self.rules.principal == Presence::Forbidden {
            return None;
        }
        let found = if self.rules.not_principal == Presence::Forbidden {
            elements.get("Principal").map(|member| (member, false))
        } else {
            self.pair(elements, "Principal", "NotPrincipal")
        };
        let Some((member, negated)) = found else {
            if elements.get("NotPrincipal").is_none() {
                self.no_principal(statement);
            }
            return None;
        };
        if negated && effect == Some(Effect::Allow) {
            // PE-TYP-10
            let finding = self
                .warning(
                    Code::NotPrincipalAllow,
                    member.key_span,
                    "`NotPrincipal` with `Allow` lets in everyone who is not listed, also without signature",
                )
                .with_help("list in `Principal` who may; AWS takes `NotPrincipal` with `Deny` only");
            self.report(finding);
        }
        let entries = self.principal(member)?;
        if trust && entries.iter().any(|entry| entry.value == PrincipalPattern::Everyone) {
            // PE-TRU-02
            let finding = self
                .warning(Code::TrustsEveryone, member.value.span, "this role trusts every principal of AWS")
                .with_help("name who may assume it, or be sure that conditions do");
            self.report(finding);
        }
        Some(PrincipalClause { negated, span: member.value.span, entries })
    }

    fn no_principal(&mut self, statement: &Node<'_>) {
        if self.rules.principal == Presence::Required {
            self.missing("Principal", "a statement", statement);
            return;
        }
        // PE-TYP-11
        let brace = Span::new(statement.span.start, statement.span.start + 1);
        let message = format!("a statement of a {} without `Principal` speaks of nobody", self.kind);
        let finding = self
            .warning(Code::NamesNobody, brace, message)
            .with_help("say who, for example `\"Principal\": {\"AWS\": \"111122223333\"}`");
        self.report(finding);
    }

    fn principal(&mut self, member: &Member<'_>) -> Option<Box<[Spanned<PrincipalPattern>]>> {
        let span = member.value.span;
        if self.kind == PolicyKind::ResourceControl {
            // PE-TYP-13
            if member.value.value != Value::String("*".into()) {
                let finding = self
                    .error(
                        Code::InvalidPrincipal,
                        span,
                        "the principal of a resource control policy is `\"*\"`",
                    )
                    .with_help("write `\"Principal\": \"*\"` and narrow the statement by conditions");
                self.report(finding);
                return None;
            }
            return Some([Spanned::new(PrincipalPattern::Everyone, span)].into());
        }
        match &member.value.value {
            Value::String(text) if text == "*" && self.kind == PolicyKind::RoleTrust => {
                // TRU-27
                let finding = self
                    .error(
                        Code::InvalidPrincipal,
                        span,
                        "a role trust policy can't have the bare principal `*`",
                    )
                    .with_help("write `{\"AWS\": \"*\"}` if every principal of AWS is meant");
                self.report(finding);
                None
            }
            Value::String(text) if text == "*" => {
                Some([Spanned::new(PrincipalPattern::Everyone, span)].into())
            }
            Value::String(text) => {
                // PE-PRN-02
                let message = format!("{} is no principal: the only bare text is `*`", quote(text));
                let finding = self.error(Code::InvalidPrincipal, span, message).with_help(
                    "write `{\"AWS\": …}`, `{\"Service\": …}`, `{\"Federated\": …}` or `{\"CanonicalUser\": …}`",
                );
                self.report(finding);
                None
            }
            Value::Object(members) => self.principal_map(member, members),
            _ => {
                self.wrong_type(&quote(&member.key), "`\"*\"` or an object", &member.value);
                None
            }
        }
    }

    fn principal_map(
        &mut self,
        element: &Member<'_>,
        members: &[Member<'_>],
    ) -> Option<Box<[Spanned<PrincipalPattern>]>> {
        let elements = self.elements(members, KEYS, "a principal");
        let mut entries = Vec::new();
        let mut complete = true;
        for member in members {
            let misspelt = elements.misspelt.iter().find(|(_, other)| std::ptr::eq(*other, member));
            let key = misspelt.map_or(&*member.key, |(meant, _)| meant);
            if !KEYS.contains(&key) {
                complete = false;
                continue;
            }
            for node in one_or_many(&member.value) {
                let Value::String(text) = &node.value else {
                    self.wrong_type(&quote(&member.key), "a string or a list of strings", node);
                    complete = false;
                    continue;
                };
                match self.principal_entry(key, text, node.span) {
                    Some(entry) => entries.push(Spanned::new(entry, node.span)),
                    None => complete = false,
                }
            }
        }
        if complete && entries.is_empty() {
            // PE-TYP-12
            let message = format!("an empty {} makes the statement say nothing", quote(&element.key));
            let finding = self
                .warning(Code::EmptyList, element.value.span, message)
                .with_help("list at least one principal, or remove the statement");
            self.report(finding);
        }
        complete.then(|| entries.into())
    }

    fn principal_entry(&mut self, key: &str, text: &str, span: Span) -> Option<PrincipalPattern> {
        match key {
            "AWS" => self.aws_principal(text, span),
            _ if text.is_empty() => {
                self.invalid_principal(text, span, "an empty text names nobody");
                None
            }
            "Service" => {
                let odd = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'));
                if text.contains(odd) {
                    // PE-PRN-13
                    self.names_nobody(
                        text,
                        span,
                        "write the service's name, for example `ec2.amazonaws.com`",
                    );
                }
                Some(PrincipalPattern::Service(text.into()))
            }
            "Federated" => {
                let provider = text.parse::<Arn>().is_ok_and(|arn| {
                    let kind = arn.resource().split('/').next();
                    arn.service() == "iam" && matches!(kind, Some("oidc-provider" | "saml-provider"))
                });
                if !provider && !WELL_KNOWN_PROVIDERS.contains(&text) || text.contains(['*', '?']) {
                    // PE-PRN-14
                    self.names_nobody(text, span, "write the ARN of an OIDC or SAML provider");
                }
                Some(PrincipalPattern::Federated(text.into()))
            }
            _ => {
                if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                    // PE-PRN-15
                    self.names_nobody(text, span, "a canonical user id has 64 hexadecimal digits");
                }
                Some(PrincipalPattern::CanonicalUser(text.into()))
            }
        }
    }

    fn aws_principal(&mut self, text: &str, span: Span) -> Option<PrincipalPattern> {
        if text == "*" {
            return Some(PrincipalPattern::Everyone); // PE-PRN-01
        }
        if let Ok(id) = text.parse() {
            return Some(PrincipalPattern::Account { id, partition: None }); // PE-PRN-03
        }
        if is_unique_id(text) {
            return Some(PrincipalPattern::UniqueId(text.into())); // PE-PRN-09
        }
        let Ok(arn) = text.parse::<Arn>() else {
            self.invalid_principal(
                text,
                span,
                "write an account id, the ARN of a user, role or session, or `*`",
            );
            return None;
        };
        let found = match named_by(arn) {
            Ok(pattern) => return Some(pattern),
            Err(reason) => reason,
        };
        if self.kind == PolicyKind::RoleTrust {
            // TRU-28, TRU-29: IAM looks every principal of a trust policy up when it is stored.
            self.invalid_principal(text, span, found);
            return None;
        }
        self.names_nobody(text, span, found);
        Some(PrincipalPattern::Nobody(text.into()))
    }

    fn invalid_principal(&mut self, text: &str, span: Span, help: &'static str) {
        let message = format!("{} is no principal", quote(text));
        let finding = self.error(Code::InvalidPrincipal, span, message).with_help(help);
        self.report(finding);
    }

    fn names_nobody(&mut self, text: &str, span: Span, help: &'static str) {
        let message = format!("{} names nobody", quote(text));
        let finding = self.warning(Code::NamesNobody, span, message).with_help(help);
        self.report(finding);
    }
}

/// The unique id of a user or role (ID-30, ID-31).
fn is_unique_id(text: &str) -> bool {
    (text.starts_with("AIDA") || text.starts_with("AROA"))
        && (16..=128).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

/// Whom an ARN names, or advice when it names nobody.
fn named_by(arn: Arn) -> Result<PrincipalPattern, &'static str> {
    if arn.as_str().contains(['*', '?']) {
        // PE-PRN-05, PE-PRN-07
        return Err(
            "a wildcard stands here only alone; for a set of principals write `*` with a condition on \
             `aws:PrincipalArn`",
        );
    }
    let (kind, name) = arn.resource().split_once('/').unwrap_or((arn.resource(), ""));
    let account = arn.account();
    // An origin access identity of CloudFront is a user of the account `cloudfront` (PE-PRN-15).
    let owned = arn.region().is_empty() && (account.is_some() || arn.part(4) == "cloudfront");
    match (arn.service(), kind, account) {
        ("iam", "root", Some(id)) if name.is_empty() && arn.resource() == "root" && owned => {
            Ok(PrincipalPattern::Account { id, partition: Some(arn.partition().into()) })
        }
        ("iam", "user", _) if owned && !name.is_empty() => Ok(PrincipalPattern::User(arn)),
        ("iam", "role", _) if owned && !name.is_empty() => Ok(PrincipalPattern::Role(arn)),
        ("sts", "assumed-role", _) if owned => match name.split_once('/') {
            Some((role, session)) if !role.is_empty() && !session.is_empty() && !session.contains('/') => {
                Ok(PrincipalPattern::RoleSession(arn))
            }
            _ => Err("a session's ARN ends in `assumed-role/RoleName/SessionName`, without the role's path"),
        },
        ("sts", "federated-user", _) if owned && !name.is_empty() => {
            Ok(PrincipalPattern::FederatedSession(arn))
        }
        // PE-PRN-12
        ("iam", "group", _) => Err("a group can't be a principal; name its users or a role"),
        _ => Err("name an account, a user, a role or a session"),
    }
}
