//! Callers, and what it is worth to one of them to be named by a statement (5.3, 5.4).
//!
//! It does not look anything up: a role's path, its unique id and who stands behind a federated
//! session are what the case shows, and no more.

use serde_json::Value;

use crate::case::{Case, Held, SIDE, is_account_id};
use crate::document::{Effect, Kind, one_or_more};
use crate::matching::Arn;
use crate::truth::Truth;

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum CallerKind {
    User,
    /// Some session of this role; its name is not known.
    Role,
    AssumedRole,
    FederatedUser,
    Root,
    Service,
    Anonymous,
    Oidc,
    Saml,
}

/// Who asks.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) kind: CallerKind,
    pub(crate) name: String,
    arn: Option<Arn>,
}

impl Caller {
    /// Reads `principal` and `principal_kind`, which must fit each other.
    ///
    /// # Errors
    ///
    /// A kind that does not exist, or a principal that is none of its kind.
    pub(crate) fn read(name: &str, kind: &str) -> Result<Self, String> {
        let arn = Arn::read(name);
        let named = |service: &str, start: &str| {
            arn.as_ref().is_some_and(|arn| {
                arn.service == service
                    && arn.region.is_empty()
                    && is_account_id(&arn.account)
                    && arn.resource.strip_prefix(start).is_some_and(|rest| !rest.is_empty())
            })
        };
        let web =
            ["accounts.google.com", "cognito-identity.amazonaws.com", "graph.facebook.com", "www.amazon.com"];
        let (kind, fits) = match kind {
            "user" => (CallerKind::User, named("iam", "user/")),
            "role" => (CallerKind::Role, named("iam", "role/")),
            "assumed-role" => (
                CallerKind::AssumedRole,
                named("sts", "assumed-role/")
                    && arn.as_ref().is_some_and(|a| a.resource.split('/').count() == 3),
            ),
            "federated-user" => (CallerKind::FederatedUser, named("sts", "federated-user/")),
            "root" => (
                CallerKind::Root,
                arn.as_ref()
                    .is_some_and(|a| a.service == "iam" && a.resource == "root" && is_account_id(&a.account)),
            ),
            "service" => (
                CallerKind::Service,
                arn.is_none() && name.contains(".amazonaws.com") && !name.contains(['*', '/', ':', ' ']),
            ),
            "anonymous" => (CallerKind::Anonymous, name == "*"),
            "oidc" => (CallerKind::Oidc, named("iam", "oidc-provider/") || web.contains(&name)),
            "saml" => (CallerKind::Saml, named("iam", "saml-provider/")),
            other => return Err(format!("unknown principal_kind `{other}`")),
        };
        if fits {
            Ok(Self { kind, name: name.to_owned(), arn })
        } else {
            Err(format!("principal `{name}` is none of its kind"))
        }
    }

    /// The account of the caller; services, anonymous callers and identities that have not assumed
    /// their role yet have none (5.2).
    pub(crate) fn account(&self) -> Option<&str> {
        match self.kind {
            CallerKind::Service | CallerKind::Anonymous | CallerKind::Oidc | CallerKind::Saml => None,
            _ => self.arn.as_ref().map(|arn| arn.account.as_str()),
        }
    }

    /// Whether identity policies, a boundary and a session policy can belong to it (PE-APP-01, -02).
    pub(crate) fn has_own_policies(&self) -> bool {
        matches!(
            self.kind,
            CallerKind::User | CallerKind::Role | CallerKind::AssumedRole | CallerKind::FederatedUser
        )
    }

    /// The part of its ARN after the kind: `path/name`, `role/session`, a provider's name.
    fn tail(&self) -> &str {
        self.arn.as_ref().and_then(|arn| arn.resource.split_once('/')).map_or("", |(_, tail)| tail)
    }

    /// The partition of its ARN; callers without one are in the common partition.
    pub(crate) fn partition(&self) -> &str {
        self.arn.as_ref().map_or("aws", |arn| &arn.partition)
    }

    /// Whether an ARN is of a user of the caller's account and partition.
    fn may_be_session_of(&self, user: &str) -> bool {
        Arn::read(user).filter(|arn| arn.resource.starts_with("user/")).is_some_and(|other| {
            self.arn
                .as_ref()
                .is_some_and(|own| (&own.account, &own.partition) == (&other.account, &other.partition))
        })
    }

    fn arn_of(&self, resource: &str) -> String {
        self.arn
            .as_ref()
            .map_or_else(String::new, |arn| format!("arn:{}:iam::{}:{resource}", arn.partition, arn.account))
    }
}

/// The role behind a session, as an ARN with its path.
enum RoleArn {
    /// The caller is no session of a role.
    None,
    Known(String),
    /// `aws:PrincipalArn` would show the path, but is not known: some role of this account and name.
    Unknown {
        account: String,
        name: String,
    },
}

/// Finds the role's ARN: the caller itself, or `aws:PrincipalArn` (PE-KIND-02, PE-KIND-08), or, when
/// that is absent, the role without a path.
fn role_arn(case: &Case) -> RoleArn {
    let caller = &case.caller;
    match caller.kind {
        CallerKind::Role => RoleArn::Known(caller.name.clone()),
        CallerKind::AssumedRole => {
            let name = caller.tail().split('/').next().unwrap_or_default();
            match case.context.get("aws:PrincipalArn") {
                Held::One(arn) if arn.contains(":role/") => RoleArn::Known(arn),
                Held::Unknown => RoleArn::Unknown {
                    account: caller.account().unwrap_or_default().to_owned(),
                    name: name.to_owned(),
                },
                _ => RoleArn::Known(caller.arn_of(&format!("role/{name}"))),
            }
        }
        _ => RoleArn::None,
    }
}

fn is_role(case: &Case, wanted: &str) -> Truth {
    match role_arn(case) {
        RoleArn::None => Truth::False,
        RoleArn::Known(arn) => Truth::of(arn == wanted),
        RoleArn::Unknown { account, name } => {
            let possible = Arn::read(wanted).is_some_and(|arn| {
                arn.account == account && arn.resource.rsplit('/').next() == Some(name.as_str())
            });
            if possible { Truth::unknown("aws:PrincipalArn") } else { Truth::False }
        }
    }
}

/// Tells whether the caller is a session of a service-linked role, by the role's path (PE-SCP-09).
pub(crate) fn is_service_linked(case: &Case) -> Truth {
    match role_arn(case) {
        RoleArn::None => Truth::False,
        RoleArn::Known(arn) => Truth::of(arn.contains(":role/aws-service-role/")),
        RoleArn::Unknown { .. } => Truth::unknown("aws:PrincipalArn"),
    }
}

/// Tells whether the caller is the session with this ARN.
fn is_session(case: &Case, wanted: &Arn, text: &str) -> Truth {
    match case.caller.kind {
        CallerKind::AssumedRole => Truth::of(case.caller.name == text),
        // Some session of the role: it may be this one.
        CallerKind::Role => {
            let role = case.caller.tail().rsplit('/').next();
            let mut parts = wanted.resource.split('/').skip(1);
            let same =
                parts.next() == role
                    && case.caller.arn.as_ref().is_some_and(|arn| {
                        arn.account == wanted.account && arn.partition == wanted.partition
                    });
            if same { Truth::unknowable() } else { Truth::False }
        }
        _ => Truth::False,
    }
}

/// Tells whether the caller is the user with this ARN, or a federated session of it. Which user of the
/// account is behind a federated session nothing in a case tells.
fn is_user(case: &Case, wanted: &str) -> Truth {
    let caller = &case.caller;
    match caller.kind {
        CallerKind::User => Truth::of(caller.name == wanted),
        CallerKind::FederatedUser if caller.may_be_session_of(wanted) => Truth::unknowable(),
        _ => Truth::False,
    }
}

/// Tells whether the unique id is that of the caller's user or role, which `aws:userid` shows (PE-PRN-09).
fn has_unique_id(case: &Case, id: &str) -> Truth {
    let fits = |held: Held, test: &dyn Fn(&str) -> bool| match held {
        Held::One(value) => Truth::of(test(&value)),
        // Ids of users and of roles begin alike each.
        Held::Unknown
            if id.starts_with(if case.caller.kind == CallerKind::User { "AIDA" } else { "AROA" }) =>
        {
            Truth::unknown("aws:userid")
        }
        Held::Unknown | Held::Absent | Held::Many(_) => Truth::False,
    };
    let held = case.context.get("aws:userid");
    match case.caller.kind {
        CallerKind::User => fits(held, &|value| value == id),
        CallerKind::Role | CallerKind::AssumedRole => {
            fits(held, &|value| value.split_once(':').is_some_and(|(role, _)| role == id))
        }
        // Of the user behind it as little is known as its name.
        CallerKind::FederatedUser if id.starts_with("AIDA") => Truth::unknowable(),
        _ => Truth::False,
    }
}

fn is_of_account(case: &Case, partition: Option<&str>, account: &str) -> bool {
    let same_partition =
        partition.is_none_or(|p| case.caller.arn.as_ref().is_some_and(|arn| arn.partition == p));
    same_partition && case.caller.account() == Some(account)
}

/// The value of `Principal` or `NotPrincipal` (PE-PRN-01, PE-PRN-02).
#[derive(Clone, Debug)]
pub(crate) enum Named {
    /// The bare `"*"`.
    Everyone,
    Lists {
        aws: Vec<String>,
        service: Vec<String>,
        federated: Vec<String>,
        canonical: Vec<String>,
    },
}

impl Named {
    /// Reads the element.
    ///
    /// # Errors
    ///
    /// Any other bare text than `*`, a key that does not exist, or values of a wrong type.
    pub(crate) fn read(value: &Value) -> Result<Self, String> {
        if value.as_str() == Some("*") {
            return Ok(Self::Everyone);
        }
        let map = value.as_object().ok_or("a principal is `*` or an object")?;
        if let Some(key) =
            map.keys().find(|key| !["AWS", "Service", "Federated", "CanonicalUser"].contains(&key.as_str()))
        {
            return Err(format!("unknown principal type `{key}`"));
        }
        let list = |key: &str| match map.get(key) {
            None => Ok(Vec::new()),
            Some(value) => one_or_more(value).ok_or_else(|| format!("`{key}` must hold strings")),
        };
        let aws = list("AWS")?;
        if let Some(entry) = aws.iter().find(|entry| !is_aws_principal(entry)) {
            return Err(format!("invalid principal `{entry}`"));
        }
        Ok(Self::Lists {
            aws,
            service: list("Service")?,
            federated: list("Federated")?,
            canonical: list("CanonicalUser")?,
        })
    }

    /// Why it cannot stand in a trust policy, if so.
    pub(crate) fn untrustable(&self) -> Option<String> {
        let Self::Lists { aws, .. } = self else {
            return Some("a trust policy may not name `*` bare".to_owned()); // PE-TRU-02
        };
        let refused = aws.iter().find(|entry| {
            let wildcard = *entry != "*" && entry.contains(['*', '?']); // PE-PRN-05
            wildcard || Arn::read(entry).is_some_and(|arn| !is_principal(&arn))
        })?;
        Some(format!("invalid principal `{refused}`"))
    }

    /// Whether it names everyone.
    pub(crate) fn is_everyone(&self) -> bool {
        match self {
            Self::Everyone => true,
            Self::Lists { aws, .. } => aws.iter().any(|entry| entry == "*"),
        }
    }
}

/// Tells whether the text has one of the forms of an `AWS` principal: everyone, an account, an ARN or
/// a unique id (1.3). An ARN of something that is never a principal is no error of form.
fn is_aws_principal(entry: &str) -> bool {
    let is_unique_id = entry.len() >= 16
        && entry.starts_with('A')
        && entry.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
    entry == "*" || is_account_id(entry) || is_unique_id || Arn::read(entry).is_some()
}

/// Tells whether an ARN names an account, a user, a role or a session; groups, instance profiles and
/// policies are never principals (PE-PRN-12).
fn is_principal(arn: &Arn) -> bool {
    match (arn.service.as_str(), arn.resource.split_once('/')) {
        ("iam", None) => arn.resource == "root",
        ("iam", Some((kind, _))) => ["user", "role"].contains(&kind),
        ("sts", Some((kind, _))) => ["assumed-role", "federated-user"].contains(&kind),
        _ => false,
    }
}

/// What an Allow that names the caller is worth in the caller's own account (5.3).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Grade {
    /// Names the very session: nothing else needs to allow (PE-RBP-04, PE-RBP-05).
    Session,
    /// Names the user or everyone: nothing else needs to allow (PE-RBP-01, PE-RBP-08).
    Strong,
    /// Names the role or user behind the session: boundary and session policy must allow as well
    /// (PE-RBP-02, PE-RBP-03).
    Limited,
    /// Names the account: the identity side decides (PE-RBP-06).
    Delegating,
    /// Names a service, a provider or the root user: there is no other side (PE-RBP-07, -10, -11).
    Direct,
}

/// Tells by which entries `Principal` names the caller, each with its grade.
pub(crate) fn named(named: &Named, effect: Effect, kind: Kind, case: &Case) -> Vec<(Grade, Truth)> {
    let mut found = Vec::new();
    if named.is_everyone() {
        found.push((Grade::Strong, Truth::of(everyone_includes(effect, kind, case))));
    }
    let Named::Lists { aws, service, federated, canonical } = named else { return found };
    found.extend(aws.iter().filter(|entry| *entry != "*").map(|entry| names_aws(entry, case)));
    let caller = &case.caller;
    if caller.kind == CallerKind::Service {
        found.push((Grade::Direct, Truth::of(service.contains(&caller.name)))); // PE-PRN-13
    }
    if matches!(caller.kind, CallerKind::Oidc | CallerKind::Saml) {
        let listed = federated.contains(&caller.name) && provider_may_ask(case);
        found.push((Grade::Direct, Truth::of(listed)));
    }
    if !canonical.is_empty() && caller.account().is_some() {
        // Which account a canonical id stands for is not in the case (PE-PRN-15).
        found.push((Grade::Delegating, Truth::unknowable()));
    }
    found
}

/// `*` is everyone (PE-PRN-01); in a trust policy it admits no provider (PE-STS-10) and no stranger without
/// signature, yet a Deny spares neither (PE-DNY-01).
fn everyone_includes(effect: Effect, kind: Kind, case: &Case) -> bool {
    let admits = kind == Kind::Trust && effect == Effect::Allow;
    let stranger = matches!(case.caller.kind, CallerKind::Oidc | CallerKind::Saml | CallerKind::Anonymous);
    !(admits && stranger)
}

/// A provider asks for its own kind of role session and for nothing else (PE-PRN-14, PE-STS-10).
fn provider_may_ask(case: &Case) -> bool {
    let caller = &case.caller;
    let assume = if caller.kind == CallerKind::Saml {
        "sts:AssumeRoleWithSAML"
    } else {
        "sts:AssumeRoleWithWebIdentity"
    };
    let of_the_roles_account = caller.kind == CallerKind::Saml
        || caller.arn.as_ref().is_none_or(|arn| arn.account == case.resource_account);
    (case.action_is(&[assume]) || case.action_is(&SIDE)) && of_the_roles_account
}

fn names_aws(entry: &str, case: &Case) -> (Grade, Truth) {
    let kind = case.caller.kind;
    let account_grade = if kind == CallerKind::Root { Grade::Direct } else { Grade::Delegating };
    if is_account_id(entry) {
        return (account_grade, Truth::of(is_of_account(case, None, entry))); // PE-PRN-03
    }
    let Some(arn) = Arn::read(entry) else {
        let grade = if kind == CallerKind::User { Grade::Strong } else { Grade::Limited };
        return (grade, has_unique_id(case, entry));
    };
    match (arn.service.as_str(), arn.resource.split('/').next()) {
        ("iam", Some("root")) if arn.resource == "root" => {
            (account_grade, Truth::of(is_of_account(case, Some(&arn.partition), &arn.account)))
        }
        ("iam", Some("user")) => {
            let grade = if kind == CallerKind::User { Grade::Strong } else { Grade::Limited };
            (grade, is_user(case, entry))
        }
        ("iam", Some("role")) => (Grade::Limited, is_role(case, entry)),
        ("sts", Some("assumed-role")) => (Grade::Session, is_session(case, &arn, entry)),
        ("sts", Some("federated-user")) => {
            let same = kind == CallerKind::FederatedUser && case.caller.name == entry;
            (Grade::Session, Truth::of(same))
        }
        _ => (Grade::Limited, Truth::False), // PE-PRN-12
    }
}

/// Tells whether `NotPrincipal` leaves the caller in.
///
/// In a Deny the whole chain of the caller must be listed to be spared (PE-NP-03), and a caller with
/// a boundary never is (PE-NP-05). In an Allow, whoever is listed by any entry is left out (PE-NP-06).
pub(crate) fn not_named(listed: &Named, effect: Effect, kind: Kind, case: &Case) -> Truth {
    let caller = &case.caller;
    if effect == Effect::Allow {
        let admitted = Truth::of(everyone_includes(effect, kind, case));
        return admitted.and(
            Truth::any(named(listed, Effect::Deny, kind, case).into_iter().map(|(_, truth)| truth)).not(),
        );
    }
    if case.boundary.is_some() && caller.has_own_policies() {
        return Truth::True;
    }
    if listed.is_everyone() {
        return Truth::False; // PE-NP-07
    }
    let Named::Lists { aws, service, federated, .. } = listed else { return Truth::False };
    let any = |test: &dyn Fn(&str, Option<&Arn>) -> Truth| {
        Truth::any(aws.iter().map(|entry| test(entry, Arn::read(entry).as_ref())))
    };
    let account = || {
        any(&|entry, arn| {
            Truth::of(match arn {
                None => is_of_account(case, None, entry),
                Some(arn) => {
                    arn.service == "iam"
                        && arn.resource == "root"
                        && is_of_account(case, Some(&arn.partition), &arn.account)
                }
            })
        })
    };
    let user = || {
        any(&|entry, arn| match arn {
            Some(_) => is_user(case, entry),
            None => has_unique_id(case, entry),
        })
    };
    let role = || {
        any(&|entry, arn| match arn {
            Some(_) => is_role(case, entry),
            None => has_unique_id(case, entry),
        })
    };
    let session = || {
        any(&|entry, arn| match arn {
            Some(arn) if arn.service == "sts" && arn.resource.starts_with("assumed-role/") => {
                is_session(case, arn, entry)
            }
            _ => Truth::False,
        })
    };
    let federated_session = || any(&|entry, _| Truth::of(caller.name == entry));
    let spared = match caller.kind {
        CallerKind::User => account().and(user()),
        CallerKind::Role | CallerKind::AssumedRole => account().and(role()).and(session()),
        CallerKind::FederatedUser => account().and(user()).and(federated_session()),
        CallerKind::Root => account(),
        CallerKind::Service => Truth::of(service.contains(&caller.name)), // PE-NP-08
        CallerKind::Oidc | CallerKind::Saml => Truth::of(federated.contains(&caller.name)),
        CallerKind::Anonymous => Truth::False, // PE-NP-07
    };
    spared.not()
}
