//! From a case's text to the layers and the request.

use std::fmt;

use iamsim_eval::{
    Attached, Caller, CallerKind, Context, ContextValue, Credentials, Layers, Level, Program, Request,
    Resource, ResourcePolicy, Truth, authorize,
};
use iamsim_policy::json::{self, Node, Value, duplicates};
use iamsim_policy::{
    AccountId, Action, Arn, Code, Diagnostic, Policy, PolicyKind, ResourceService, Severity, Source, Span,
};

use crate::answer::Word;
use crate::fields::Fields;

/// The fields of a case.
const FIELDS: &[&str] = &[
    "id",
    "rule",
    "why",
    "principal",
    "principal_kind",
    "action",
    "resource",
    "resource_account",
    "wildcard_only_action",
    "context",
    "unknown_context",
    "identity_policies",
    "permissions_boundary",
    "session_policy",
    "resource_policy",
    "scps",
    "rcps",
    "vpc_endpoint_policies",
    "service_settings",
    "expected",
    "expected_detail",
];

/// A case, read and ready to be decided.
#[derive(Clone, Debug)]
pub struct Case {
    id: Box<str>,
    rules: Vec<Box<str>>,
    layers: Layers,
    request: Request,
    expected: Option<Word>,
    detail: Detail,
    warnings: Vec<Diagnostic>,
}

/// What a case expects besides the word.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Detail {
    /// The deciding layer, by its kebab-case name.
    pub layer: Option<Box<str>>,
    /// The name of the deciding policy.
    pub policy: Option<Box<str>>,
    /// The `Sid` of the deciding statement.
    pub statement: Option<Box<str>>,
    /// The keys that an undetermined answer depends on.
    pub keys: Option<Vec<Box<str>>>,
}

/// A case that can't be read: all findings, and what could be read of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidCase {
    id: Option<Box<str>>,
    expected: Option<Word>,
    rules: Vec<Box<str>>,
    diagnostics: Vec<Diagnostic>,
}

impl InvalidCase {
    pub(crate) fn unreadable(finding: Diagnostic) -> Self {
        Self { id: None, expected: None, rules: Vec::new(), diagnostics: vec![finding] }
    }

    /// The case's id, if that much could be read.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// What the case expects, if that much could be read: a case may expect `InvalidInput`.
    pub fn expected(&self) -> Option<Word> {
        self.expected
    }

    /// The rules the case names, if that much could be read.
    pub fn rules(&self) -> impl Iterator<Item = &str> {
        self.rules.iter().map(|rule| &**rule)
    }

    /// All findings.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }
}

impl fmt::Display for InvalidCase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first = self.diagnostics.iter().find(|finding| finding.severity() == Severity::Error);
        match first {
            Some(finding) => write!(f, "{finding}"),
            None => f.write_str("the case can't be read"),
        }
    }
}

impl std::error::Error for InvalidCase {}

impl Case {
    /// Reads one case.
    ///
    /// # Errors
    ///
    /// All findings about the case and the documents in it.
    pub fn parse(source: impl Into<Source>) -> Result<Self, InvalidCase> {
        let source = source.into();
        let node = json::parse(&source).map_err(InvalidCase::unreadable)?;
        Self::from_node(&source, &node)
    }

    /// Reads a case that stands inside a larger document, such as an array of cases.
    pub fn from_node(source: &Source, node: &Node<'_>) -> Result<Self, InvalidCase> {
        let fields = Fields::of(source, node, FIELDS).map_err(InvalidCase::unreadable)?;
        Reader { fields }.case()
    }

    /// The case's id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The rules it proves.
    pub fn rules(&self) -> impl Iterator<Item = &str> {
        self.rules.iter().map(|rule| &**rule)
    }

    /// The policies.
    pub fn layers(&self) -> &Layers {
        &self.layers
    }

    /// The question.
    pub fn request(&self) -> &Request {
        &self.request
    }

    /// What it expects.
    pub fn expected(&self) -> Option<Word> {
        self.expected
    }

    /// What else it expects.
    pub fn detail(&self) -> &Detail {
        &self.detail
    }

    /// What is odd about the case and does not change the question: fields that the format does not have,
    /// and mistakes in those that never influence the decision.
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }

    /// The answer.
    pub fn decide(&self) -> Word {
        authorize(&self.layers, &self.request).into()
    }
}

struct Reader<'n, 's> {
    fields: Fields<'n, 's>,
}

impl<'n, 's> Reader<'n, 's> {
    fn case(mut self) -> Result<Case, InvalidCase> {
        let id = self.fields.text("id").map(|(id, _)| Box::from(id));
        self.fields.severity = Severity::Warning;
        let rules = self.texts("rule");
        if let Some(why) = self.fields.optional("why") {
            self.fields.text_of("why", why);
        }
        let expected = self.expected();
        let detail = self.detail();
        self.fields.severity = Severity::Error;
        let context = self.context();
        let caller = self.caller(&context);
        let action = self.action();
        let resource = self.resource();
        let owner = self.account("resource_account");
        let layers = self.layers(action.as_ref(), resource.as_ref());
        let findings = self.fields.findings;
        let refused = findings.iter().any(|finding| finding.severity() == Severity::Error);
        match (id, caller, action, resource, owner) {
            (Some(id), Some(caller), Some(action), Some(resource), Some(owner)) if !refused => {
                let request = Request::new(caller, action, resource, context).with_owner(owner);
                Ok(Case { id, rules, layers, request, expected, detail, warnings: findings })
            }
            (id, ..) => Err(InvalidCase { id, expected, rules, diagnostics: findings }),
        }
    }

    /// A string or a list of strings, optional.
    fn texts(&mut self, name: &str) -> Vec<Box<str>> {
        match self.fields.optional(name) {
            None => Vec::new(),
            Some(node) => self.texts_of(name, node),
        }
    }

    fn texts_of(&mut self, name: &str, node: &'n Node<'s>) -> Vec<Box<str>> {
        if let Value::String(text) = &node.value {
            return vec![Box::from(&**text)];
        }
        let items = self.fields.array_of(name, node);
        items.iter().filter_map(|item| self.fields.text_of(name, item)).map(|(text, _)| text.into()).collect()
    }

    fn expected(&mut self) -> Option<Word> {
        let (text, span) = {
            let node = self.fields.optional("expected")?;
            self.fields.text_of("expected", node)?
        };
        let word = Word::parse(text);
        if word.is_none() {
            self.fields.invalid(span, format!("`{text}` is no decision of the case format"));
        }
        word
    }

    fn detail(&mut self) -> Detail {
        let mut detail = Detail::default();
        let Some(node) = self.fields.optional("expected_detail") else { return detail };
        let Value::Object(members) = &node.value else {
            self.fields.wrong_type(node, "`expected_detail`", "an object");
            return detail;
        };
        for member in members {
            let mut text = || self.fields.text_of(&member.key, &member.value).map(|(text, _)| text.into());
            match &*member.key {
                "layer" => detail.layer = text(),
                "policy" => detail.policy = text(),
                "statement" => detail.statement = text(),
                "keys" => detail.keys = Some(self.texts_of("keys", &member.value)),
                other => {
                    let message = format!("`expected_detail` has no field `{other}`");
                    self.fields.invalid(member.key_span, message);
                }
            }
        }
        detail
    }

    fn context(&mut self) -> Context {
        let mut context = Context::complete();
        if let Some(node) = self.fields.required("context") {
            if let Value::Object(members) = &node.value {
                for (member, first) in duplicates(members) {
                    let message = format!("the context key `{}` stands here twice", member.key);
                    let finding =
                        Diagnostic::error(self.fields.source(), Code::DuplicateKey, member.key_span, message);
                    self.fields.findings.push(finding.with_related(first, "first here"));
                }
                for member in members {
                    if let Some(value) = self.context_value(&member.key, &member.value) {
                        let earlier = context.get(&(&*member.key).into()).clone();
                        context.set(&*member.key, merged(earlier, value));
                    }
                }
            } else {
                self.fields.wrong_type(node, "`context`", "an object");
            }
        }
        for key in self.texts("unknown_context") {
            context.set(&*key, ContextValue::Unknown);
        }
        context
    }

    /// A string is a single-valued key, a list a multivalued one.
    fn context_value(&mut self, key: &str, node: &'n Node<'s>) -> Option<ContextValue> {
        match &node.value {
            Value::String(text) => Some(ContextValue::One(Box::from(&**text))),
            Value::Array(items) => {
                let values = items.iter().filter_map(|item| self.fields.text_of(key, item));
                Some(ContextValue::Many(values.map(|(text, _)| text.into()).collect()))
            }
            _ => {
                let what = format!("the value of `{key}`");
                self.fields.wrong_type(node, &what, "a string or a list of strings");
                None
            }
        }
    }

    fn action(&mut self) -> Option<Action> {
        let (text, span) = self.fields.text("action")?;
        text.parse().map_err(|error| self.invalid(span, &error)).ok()
    }

    fn resource(&mut self) -> Option<Resource> {
        let wildcard_only = match self.fields.optional("wildcard_only_action").map(|node| (&node.value, node))
        {
            None | Some((Value::Null, _)) => false,
            Some((Value::Bool(only), _)) => *only,
            Some((_, node)) => {
                self.fields.wrong_type(node, "`wildcard_only_action`", "a boolean");
                false
            }
        };
        let (text, span) = self.fields.text("resource")?;
        if text == "*" {
            return Some(Resource::None);
        }
        let arn: Arn = text.parse().map_err(|error| self.invalid(span, &error)).ok()?;
        Some(if wildcard_only { Resource::None } else { Resource::Arn(arn) })
    }

    fn account(&mut self, name: &str) -> Option<AccountId> {
        let (text, span) = self.fields.text(name)?;
        text.parse().map_err(|error| self.invalid(span, &error)).ok()
    }

    fn invalid(&mut self, span: Span, error: &impl fmt::Display) {
        self.fields.invalid(span, error.to_string());
    }

    fn caller(&mut self, context: &Context) -> Option<Caller> {
        let kind = self.fields.text("principal_kind");
        let (principal, span) = self.fields.text("principal")?;
        let (kind, kind_span) = kind?;
        match kind {
            "service" => return Some(Caller::service(principal)),
            "oidc" | "saml" => return Some(Caller::federated(principal)),
            "anonymous" => return Some(Caller::anonymous()),
            _ => {}
        }
        let arn: Arn = principal.parse().map_err(|error| self.invalid(span, &error)).ok()?;
        let made = match kind {
            "user" => Caller::user(arn),
            "root" => Caller::root(arn),
            "role" => Caller::any_session_of(arn),
            "federated-user" => Caller::federated_user(arn, None),
            "assumed-role" => {
                let role = role_of(&arn, context);
                role.map_or_else(|| Caller::user(arn.clone()), |role| Caller::role_session(arn.clone(), role))
            }
            other => {
                self.fields.invalid(kind_span, format!("`{other}` is no kind of principal"));
                return None;
            }
        };
        let caller = made.map_err(|error| self.invalid(span, &error)).ok()?;
        Some(known_by_context(caller, context))
    }

    fn layers(&mut self, action: Option<&Action>, resource: Option<&Resource>) -> Layers {
        let mut layers = Layers::new();
        for node in self.fields.array("identity_policies") {
            if let Some(policy) = self.policy(PolicyKind::Identity, node) {
                layers = layers.with_identity(policy);
            }
        }
        if let Some(policy) = self.nullable("permissions_boundary", PolicyKind::PermissionsBoundary) {
            layers = layers.with_boundary(policy);
        }
        if let Some(policy) = self.nullable("session_policy", PolicyKind::Session) {
            layers = layers.with_session(vec![policy]);
        }
        if let Some(policy) = self.nullable("resource_policy", resource_policy_kind(action, resource)) {
            layers = layers.with_resource(ResourcePolicy::Attached(policy));
        }
        layers = layers.with_scps(self.levels("scps", PolicyKind::ServiceControl));
        layers = layers.with_rcps(self.levels("rcps", PolicyKind::ResourceControl));
        let endpoint: Vec<Attached> = self
            .fields
            .array("vpc_endpoint_policies")
            .iter()
            .filter_map(|node| self.policy(PolicyKind::VpcEndpoint, node))
            .collect();
        if !endpoint.is_empty() {
            layers = layers.with_endpoint(endpoint);
        }
        if self.restricts_public_buckets() {
            layers = layers.with_restrict_public_buckets();
        }
        layers
    }

    fn nullable(&mut self, name: &str, kind: PolicyKind) -> Option<Attached> {
        let node = self.fields.required(name)?;
        if node.value == Value::Null {
            return None;
        }
        self.policy(kind, node)
    }

    fn levels(&mut self, name: &str, kind: PolicyKind) -> Vec<Level> {
        let levels = self.fields.array(name);
        let mut read = Vec::with_capacity(levels.len());
        for (index, level) in levels.iter().enumerate() {
            let nodes = self.fields.array_of(name, level);
            let policies = nodes.iter().filter_map(|node| self.policy(kind, node)).collect();
            read.push(Level::new(format!("level {}", index + 1), policies));
        }
        read
    }

    /// `{"name": …, "document": …}`.
    fn policy(&mut self, kind: PolicyKind, node: &'n Node<'s>) -> Option<Attached> {
        let source = self.fields.source();
        let mut fields = match Fields::of(source, node, &["name", "document"]) {
            Ok(fields) => fields,
            Err(finding) => {
                self.fields.findings.push(finding);
                return None;
            }
        };
        let name = fields.text("name");
        let document = fields.required("document");
        let refused = !fields.findings.is_empty();
        self.fields.findings.append(&mut fields.findings);
        if refused {
            return None;
        }
        match Policy::from_node(kind, source, document?) {
            Ok(policy) => Some(Attached::new(name?.0, Program::compile(&policy))),
            Err(error) => {
                self.fields.findings.extend(error.diagnostics().iter().cloned());
                None
            }
        }
    }

    /// `{"s3": {"blockPublicAccess": true}}`: nothing else is modelled, so nothing else is accepted.
    fn restricts_public_buckets(&mut self) -> bool {
        let Some(settings) = self.fields.optional("service_settings") else { return false };
        if settings.value == Value::Null {
            return false;
        }
        let Some(s3) = self.member_of("service_settings", settings, "s3") else { return false };
        let Some(setting) = self.member_of("s3", s3, "blockPublicAccess") else { return false };
        if let Value::Bool(on) = setting.value {
            return on;
        }
        self.fields.wrong_type(setting, "`blockPublicAccess`", "a boolean");
        false
    }

    /// The one known member of an object, if it is there.
    fn member_of(&mut self, name: &str, node: &'n Node<'s>, known: &str) -> Option<&'n Node<'s>> {
        let Value::Object(members) = &node.value else {
            self.fields.wrong_type(node, &format!("`{name}`"), "an object");
            return None;
        };
        for member in members.iter().filter(|member| member.key != known) {
            self.fields.invalid(member.key_span, format!("`{name}` has no field `{}`", member.key));
        }
        members.iter().find(|member| member.key == known).map(|member| &member.value)
    }
}

/// The role behind a session. A session's ARN has no path (PE-KIND-08), so the path comes from
/// `aws:PrincipalArn` where the context has it for this role, and is `/` otherwise.
fn role_of(session: &Arn, context: &Context) -> Option<Arn> {
    let name = session.resource().strip_prefix("assumed-role/")?.split('/').next()?;
    let stated = context.get(&"aws:PrincipalArn".into()).as_one().and_then(|text| text.parse::<Arn>().ok());
    let of_session = |role: &Arn| {
        role.account() == session.account()
            && role.resource().starts_with("role/")
            && role.resource().rsplit('/').next() == Some(name)
    };
    stated
        .filter(of_session)
        .or_else(|| format!("arn:{}:iam::{}:role/{name}", session.partition(), session.part(4)).parse().ok())
}

/// Adds what the context tells of the caller: the unique id (`aws:userid`), the path of a session's role
/// (`aws:PrincipalArn`), and what a user signs with. A key that is not there tells that there is nothing to
/// tell.
fn known_by_context(caller: Caller, context: &Context) -> Caller {
    let get = |key: &str| context.get(&key.into());
    let caller = match (caller.kind(), get("aws:userid")) {
        // Such a session's id is made of its account and name, and says nothing of the user behind it.
        (CallerKind::FederatedUser { .. }, _) | (_, ContextValue::Unknown) => caller,
        (CallerKind::RoleSession { .. }, ContextValue::One(id)) => {
            caller.with_unique_id(id.split(':').next().unwrap_or(id))
        }
        (_, ContextValue::One(id)) => caller.with_unique_id(&**id),
        (_, ContextValue::Absent | ContextValue::Many(_)) => caller.without_unique_id(),
    };
    let is_named_session = matches!(caller.kind(), CallerKind::RoleSession { session: Some(_), .. });
    let caller = if is_named_session && *get("aws:PrincipalArn") == ContextValue::Unknown {
        caller.with_unknown_role_path()
    } else {
        caller
    };
    caller.with_credentials(credentials(context))
}

/// Temporary credentials have an issue time (PE-KEY-24); those of a user come from `GetSessionToken`, or are
/// made for a call that a service forwards, which bars nothing (PE-MFA-04).
fn credentials(context: &Context) -> Credentials {
    let get = |key: &str| context.get(&key.into());
    let is_true = |key: &str| match get(key) {
        ContextValue::One(text) => text.eq_ignore_ascii_case("true").into(),
        ContextValue::Unknown => Truth::Unknown,
        ContextValue::Absent | ContextValue::Many(_) => Truth::False,
    };
    let issued = match get("aws:TokenIssueTime") {
        ContextValue::One(_) => Truth::True,
        ContextValue::Unknown => Truth::Unknown,
        ContextValue::Absent | ContextValue::Many(_) => Truth::False,
    };
    let mfa = is_true("aws:MultiFactorAuthPresent");
    match issued & !is_true("aws:ViaAWSService") {
        Truth::True => Credentials::SessionToken { mfa },
        Truth::False => Credentials::LongTerm,
        Truth::Unknown => Credentials::Unknown { mfa },
    }
}

/// Two keys that differ by case only are one key with the values of both (PE-CND-04).
fn merged(earlier: ContextValue, later: ContextValue) -> ContextValue {
    let values = |value: ContextValue| match value {
        ContextValue::One(value) => vec![value],
        ContextValue::Many(values) => values.into_vec(),
        ContextValue::Absent | ContextValue::Unknown => Vec::new(),
    };
    if earlier == ContextValue::Absent {
        return later;
    }
    ContextValue::Many([values(earlier), values(later)].concat().into())
}

/// What kind of policy sits on the requested resource: a role's trust policy when it is about to be assumed.
fn resource_policy_kind(action: Option<&Action>, resource: Option<&Resource>) -> PolicyKind {
    let asked = action.map_or("", Action::service);
    let service = match resource {
        Some(Resource::Arn(arn)) => arn.service(),
        Some(Resource::None) | None => asked,
    };
    let is_role = match resource {
        Some(Resource::Arn(arn)) => arn.service() == "iam" && arn.resource().starts_with("role/"),
        Some(Resource::None) | None => action.is_some_and(|action| action.name().starts_with("assumerole")),
    };
    match service {
        _ if asked == "sts" && is_role => PolicyKind::RoleTrust,
        "s3" => PolicyKind::Resource(ResourceService::S3),
        "sqs" => PolicyKind::Resource(ResourceService::Sqs),
        "sns" => PolicyKind::Resource(ResourceService::Sns),
        "lambda" => PolicyKind::Resource(ResourceService::Lambda),
        "kms" => PolicyKind::Resource(ResourceService::Kms),
        _ => PolicyKind::Resource(ResourceService::Other),
    }
}
