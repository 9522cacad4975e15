//! `Action`, `NotAction`, `Resource` and `NotResource`.

use crate::action::ActionPattern;
use crate::arn::{ARN_PARTS, ArnPattern, KNOWN_PARTITIONS};
use crate::diagnostic::{Code, quote};
use crate::json::{Member, Node, Value};
use crate::policy::{ActionClause, PolicyKind, ResourceClause, ResourcePattern};
use crate::source::{Span, Spanned};
use crate::suggest::nearest;
use crate::template::TemplateError;

use super::rules::{Presence, ShortArns};
use super::{Elements, Lowering, one_or_many};

/// The actions a trust policy can speak of (TRU-21, PE-TRU-03).
pub(crate) const TRUST_ACTIONS: &[&str] = &[
    "sts:AssumeRole",
    "sts:AssumeRoleWithSAML",
    "sts:AssumeRoleWithWebIdentity",
    "sts:SetContext",
    "sts:SetSourceIdentity",
    "sts:TagSession",
];

/// What the sixth part of an `iam` ARN begins with (POL-35).
pub(crate) const IAM_RESOURCES: &[&str] = &[
    "user/",
    "federated-user/",
    "role/",
    "group/",
    "instance-profile/",
    "mfa/",
    "server-certificate/",
    "policy/",
    "sms-mfa/",
    "saml-provider/",
    "oidc-provider/",
    "report/",
    "access-report/",
];

/// What AWS's own policies of 2026 name besides; the recorded message of IAM does not list it.
const NEWER_IAM_RESOURCES: &[&str] = &["delegation-request/", "role-template/"];

impl Lowering<'_> {
    pub(super) fn actions(&mut self, member: &Member<'_>, negated: bool) -> Option<ActionClause> {
        if negated && self.kind == PolicyKind::ResourceControl {
            // PE-TYP-09
            self.forbidden(member, "list the actions in `Action`");
        }
        let patterns = self.strings(member, Self::action)?;
        Some(ActionClause { negated, span: member.value.span, patterns })
    }

    /// The strings of an element that is one or a list of them, each read by `read`; none when one could
    /// not be read.
    fn strings<T>(
        &mut self,
        member: &Member<'_>,
        mut read: impl FnMut(&mut Self, &str, Span) -> Option<T>,
    ) -> Option<Box<[Spanned<T>]>> {
        let nodes = one_or_many(&member.value);
        if nodes.is_empty() {
            let message = format!("an empty {} makes the statement say nothing", quote(&member.key));
            // POL-14, POL-15; elsewhere the statement is inert (PE-TYP-12).
            let finding = if self.rules.stored_by_iam {
                self.error(Code::EmptyList, member.value.span, message)
            } else {
                self.warning(Code::EmptyList, member.value.span, message)
            };
            self.report(finding.with_help("list at least one entry, or remove the statement"));
        }
        let mut values = Vec::with_capacity(nodes.len());
        let mut complete = true;
        for node in nodes {
            if let Value::String(text) = &node.value {
                match read(self, text, node.span) {
                    Some(value) => values.push(Spanned::new(value, node.span)),
                    None => complete = false,
                }
            } else {
                self.not_a_string(member, node);
                complete = false;
            }
        }
        complete.then(|| values.into())
    }

    fn not_a_string(&mut self, member: &Member<'_>, node: &Node<'_>) {
        if matches!(member.value.value, Value::Array(_)) {
            self.wrong_type(&format!("an entry of {}", quote(&member.key)), "a string", node);
        } else {
            self.wrong_type(&quote(&member.key), "a string or a list of strings", node);
        }
    }

    /// Reads one entry of `Action`; none when no policy of this kind could hold it.
    fn action(&mut self, text: &str, span: Span) -> Option<ActionPattern> {
        let pattern = ActionPattern::new(text);
        let possible = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '*' | '?');
        let plain = |service: &str| service.chars().all(possible) && !text.contains('$');
        if text == "*" || (self.kind != PolicyKind::RoleTrust && pattern.service().is_some_and(plain)) {
            return Some(pattern);
        }
        let Some((service, name)) = text.split_once(':') else {
            // POL-16
            let message = format!("the action {} has no service prefix", quote(text));
            let finding = self
                .error(Code::InvalidAction, span, message)
                .with_help("write `service:Action`, for example `s3:GetObject`, or `*` for every action");
            self.report(finding);
            return None;
        };
        if text.contains("${") && !(self.rules.stored_by_iam && name.contains(':')) {
            // PE-ACT-07
            let message = format!("the variable in {} stays plain text, which no action has", quote(text));
            let finding = self
                .warning(Code::PlainVariable, span, message)
                .with_help("name the actions; variables are filled in in resources and conditions only");
            self.report(finding);
            return Some(pattern);
        }
        if name.contains(':') && self.rules.stored_by_iam {
            // POL-17
            let message = format!("the action {} has more than one colon", quote(text));
            let finding = self
                .error(Code::InvalidAction, span, message)
                .with_help("write `service:Action` with one colon");
            self.report(finding);
            return None;
        }
        if service.is_empty() || !service.chars().all(possible) {
            // POL-18
            let message = format!("{} is no service prefix", quote(service));
            let finding = self
                .error(Code::InvalidAction, span, message)
                .with_help("write `service:Action`, for example `s3:GetObject`");
            self.report(finding);
            return None;
        }
        if self.kind == PolicyKind::RoleTrust && !self.trust_action(&pattern, span) {
            return None;
        }
        if pattern.is_inert() {
            // PE-ACT-05, PE-ACT-06
            let message = format!("no action matches {}", quote(text));
            let help = if name.contains(':') {
                "write `service:Action` with one colon"
            } else if name.is_empty() {
                "name the action after the colon, or write `*` there"
            } else if service.contains(['*', '?']) {
                "name the service; a wildcard stands after the colon only, or alone"
            } else {
                "the name of an action has no white space and no comma; list actions one by one"
            };
            let finding = self.warning(Code::InertAction, span, message).with_help(help);
            self.report(finding);
        }
        Some(pattern)
    }

    /// TRU-21. A wildcard that reaches one of the actions is left alone: whether IAM would have taken it is
    /// not recorded, and what it means is plain.
    fn trust_action(&mut self, pattern: &ActionPattern, span: Span) -> bool {
        let text = pattern.as_str();
        let reaches = |action: &&&str| action.parse().is_ok_and(|action| pattern.matches(&action));
        if TRUST_ACTIONS.iter().find(reaches).is_some() {
            return true;
        }
        let message = format!("a role trust policy can't speak of {}", quote(text));
        let finding = self.error(Code::TrustAction, span, message);
        self.report(match nearest(text, TRUST_ACTIONS.iter().copied()) {
            Some(meant) => finding.with_help(format!("did you mean `{meant}`?")),
            None => finding.with_help(
                "write `sts:AssumeRole` here, and what the role may do in its permissions policies",
            ),
        });
        false
    }

    pub(super) fn resource_element(
        &mut self,
        statement: &Node<'_>,
        elements: &Elements<'_, '_>,
    ) -> Option<ResourceClause> {
        if self.rules.resource == Presence::Forbidden {
            for name in ["Resource", "NotResource"] {
                if let Some(member) = elements.get(name) {
                    // TRU-22
                    self.forbidden(member, "remove it: the statement speaks of the role it is attached to");
                }
            }
            return None;
        }
        let Some((member, negated)) = self.pair(elements, "Resource", "NotResource") else {
            if self.rules.resource == Presence::Required {
                self.missing("Resource", "a statement", statement);
            }
            return None;
        };
        let patterns = self.strings(member, Self::resource)?;
        Some(ResourceClause { negated, span: member.value.span, patterns })
    }

    fn resource(&mut self, text: &str, span: Span) -> Option<ResourcePattern> {
        if text == "*" {
            return Some(ResourcePattern::Any);
        }
        let mut parts = [""; ARN_PARTS];
        let mut count = 0;
        for (slot, part) in parts.iter_mut().zip(text.splitn(ARN_PARTS, ':')) {
            *slot = part;
            count += 1;
        }
        let parts = parts.get(..count).unwrap_or_default();
        if let Err((message, help)) = self.resource_form(text, parts) {
            let finding = self.error(Code::InvalidResource, span, message).with_help(help);
            self.report(finding);
            return None;
        }
        if self.is_inert(text, parts) {
            // PE-RES-07
            let kind = self.kind;
            let message = format!("no resource matches {}: in a {kind} an ARN has six parts", quote(text));
            let help = "write all six parts: `arn:partition:service:region:account:resource`";
            let finding = self.warning(Code::InertResource, span, message).with_help(help);
            self.report(finding);
            return Some(ResourcePattern::Nothing(text.into()));
        }
        if parts.get(2).is_some_and(|service| service.contains(['*', '?'])) {
            // PE-RES-09
            let message = format!("{} has a wildcard where the service is named", quote(text));
            let finding = self
                .warning(Code::WildcardService, span, message)
                .with_help("name the service; AWS advises against wildcards there");
            self.report(finding);
        }
        self.resource_variables(text, parts, span);
        match ArnPattern::parse(text, self.variables) {
            Ok(pattern) => Some(ResourcePattern::Arn(pattern)),
            Err(error) => {
                self.invalid_variable(error, text, span);
                None
            }
        }
    }

    /// The reason, and the advice, why an entry could not be stored in a policy of this kind.
    fn resource_form(&self, text: &str, parts: &[&str]) -> Result<(), (String, String)> {
        const SIX: &str = "an ARN is written `arn:partition:service:region:account:resource`";
        if parts.len() < 2 {
            // POL-19
            return Err((format!("the resource {} is neither an ARN nor `*`", quote(text)), SIX.to_owned()));
        }
        let part = |index: usize| parts.get(index).copied().unwrap_or("*");
        if part(0) != "arn" {
            // POL-20: IAM takes the first part as `arn` whatever it says, and then misses the partition.
            let help = if KNOWN_PARTITIONS.contains(&part(0)) {
                format!("begin with `arn:`, as in {}", quote(&format!("arn:{text}")))
            } else {
                SIX.to_owned()
            };
            return Err((format!("the resource {} does not begin with `arn:`", quote(text)), help));
        }
        let partition = part(1);
        let identity = self.rules.short_arns == ShortArns::Completed;
        if !KNOWN_PARTITIONS.contains(&partition)
            && !partition.contains(['*', '?'])
            && (identity || partition.is_empty())
        {
            // POL-20
            let help = match nearest(partition, KNOWN_PARTITIONS.iter().copied()) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None if partition.starts_with("${") => {
                    "policy variables are filled in after the fifth colon only; write the partition, or `*`"
                        .to_owned()
                }
                None => "AWS's partitions are `aws`, `aws-cn`, `aws-us-gov` and a few that are closed to the public"
                    .to_owned(),
            };
            return Err((format!("{} in {} is no partition of AWS", quote(partition), quote(text)), help));
        }
        if identity {
            return identity_resource(parts)
                .map_err(|(what, help)| (format!("the resource {} {what}", quote(text)), help.to_owned()));
        }
        Ok(())
    }

    /// Whether a legal entry matches nothing in this kind of policy (PE-RES-07).
    fn is_inert(&self, text: &str, parts: &[&str]) -> bool {
        let completed = match self.rules.short_arns {
            ShortArns::Completed => true,
            ShortArns::CompletedWithWildcard => text.contains('*'),
            ShortArns::CompletedWithFinalWildcard => text.ends_with('*'),
            ShortArns::NeverCompleted => false,
        };
        parts.len() < ARN_PARTS && !completed
    }

    fn resource_variables(&mut self, text: &str, parts: &[&str], span: Span) {
        if !text.contains("${") {
            return;
        }
        if !self.variables {
            self.plain_variable(text, span);
        } else if parts.iter().take(ARN_PARTS - 1).any(|part| part.contains("${")) {
            // PE-RES-15
            let message =
                format!("the variable in {} stands before the fifth colon and stays plain text", quote(text));
            let finding = self
                .warning(Code::PlainVariable, span, message)
                .with_help("variables are filled in in the sixth part only; write the value, or `*`");
            self.report(finding);
        }
    }

    /// `${` in a document whose version has no variables (PE-VAR-04).
    pub(super) fn plain_variable(&mut self, text: &str, span: Span) {
        let message = format!("the variable in {} stays plain text in the language of 2008", quote(text));
        let finding = self
            .warning(Code::PlainVariable, span, message)
            .with_help("write `\"Version\": \"2012-10-17\"` for variables to be filled in");
        self.report(finding);
    }

    /// PE-VAR-01
    pub(super) fn invalid_variable(&mut self, error: TemplateError, text: &str, span: Span) {
        let finding = self
            .error(Code::InvalidVariable, span, format!("{error}: {}", quote(text)))
            .with_help("write `${key}` or `${key, 'default'}`; a plain `${` is written `${$}{`");
        self.report(finding);
    }
}

/// What IAM asks of an ARN of a known partition in its own documents, as recorded from it.
fn identity_resource(parts: &[&str]) -> Result<(), (&'static str, &'static str)> {
    let part = |index: usize| parts.get(index).copied();
    let wild = |text: &str| text.contains(['*', '?']);
    let Some(service) = part(2) else {
        // POL-21; `arn:*` is complete as it is.
        return if part(1).is_some_and(wild) {
            Ok(())
        } else {
            Err(("names no service", "name the service"))
        };
    };
    if service.is_empty() {
        // POL-12
        return Err(("names no service", "name the service after the partition"));
    }
    let short = parts.len() < ARN_PARTS;
    if short && parts.len() > 3 && parts.contains(&"") {
        // POL-12
        return Err((
            "lacks a part and has an empty one",
            "write all six parts: `arn:partition:service:region:account:resource`",
        ));
    }
    let region = part(3).unwrap_or("*");
    let literal_region = !region.is_empty() && !wild(region);
    match service {
        // POL-22
        "iam" if literal_region => {
            Err(("names a region, and IAM has none", "leave the region empty: `arn:aws:iam::`"))
        }
        "s3" if literal_region && part(4) == Some("") => {
            Err(("names a region, and a bucket's ARN has none", "leave the region empty: `arn:aws:s3:::`"))
        }
        // POL-35
        "iam" => {
            let resource = part(5).unwrap_or("*");
            if resource == "*"
                || resource == "root"
                || IAM_RESOURCES.iter().chain(NEWER_IAM_RESOURCES).any(|kind| resource.starts_with(kind))
            {
                Ok(())
            } else {
                Err((
                    "names no kind of resource that IAM has",
                    "begin the sixth part with `user/`, `role/`, `group/`, `policy/`, `instance-profile/` …, or write `*`",
                ))
            }
        }
        _ => Ok(()),
    }
}
