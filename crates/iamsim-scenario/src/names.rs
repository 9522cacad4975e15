//! The names that a scenario file gives to things, and what a reference in it means.
//!
//! Collected before anything is read in earnest, so that a reference may point forward and every wrong one
//! is a finding with the nearest right name.

use std::collections::BTreeMap;

use iamsim_policy::json::{Member, Node, Value};
use iamsim_policy::suggest::nearest;
use iamsim_policy::{AccountId, Arn};

use crate::finding::Code;
use crate::format::errors;

/// The kinds of things that references name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    User,
    Group,
    Role,
    Policy,
}

impl Kind {
    const ALL: [Self; 4] = [Self::User, Self::Group, Self::Role, Self::Policy];

    /// As ARNs spell it.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Group => "group",
            Self::Role => "role",
            Self::Policy => "policy",
        }
    }

    const fn field(self) -> &'static str {
        match self {
            Self::User => "users",
            Self::Group => "groups",
            Self::Role => "roles",
            Self::Policy => "policies",
        }
    }

    pub(crate) const fn with_article(self) -> &'static str {
        match self {
            Self::User => "a user",
            Self::Group => "a group",
            Self::Role => "a role",
            Self::Policy => "a managed policy",
        }
    }
}

/// A user, group, role or managed policy of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entity {
    pub(crate) account: AccountId,
    pub(crate) kind: Kind,
    /// Begins and ends with a slash.
    pub(crate) path: String,
    pub(crate) name: String,
}

impl Entity {
    pub(crate) fn new(account: AccountId, kind: Kind, written: &str) -> Self {
        let written = written.trim_start_matches('/');
        let (path, name) = match written.rsplit_once('/') {
            Some((path, name)) => (format!("/{path}/"), name),
            None => ("/".to_owned(), written),
        };
        Self { account, kind, path, name: name.to_owned() }
    }

    pub(crate) fn arn(&self, partition: &str) -> String {
        let Self { account, kind, path, name } = self;
        format!("arn:{partition}:iam::{account}:{}{path}{name}", kind.word())
    }
}

/// Who asks, as far as the file alone can tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    /// A session that an earlier step opens.
    Known(String),
    User(Entity),
    Root(AccountId),
    /// A session nobody had to open: `role/session`.
    SessionOf {
        role: Entity,
        session: String,
    },
    Service(String),
    Anonymous,
}

/// Why a reference means nothing: what is wrong and what to do.
#[derive(Debug)]
pub(crate) struct Unresolved {
    pub(crate) code: Code,
    pub(crate) message: String,
    pub(crate) help: String,
}

/// A name by which steps know a session.
#[derive(Clone, Debug)]
struct SessionName {
    name: String,
    /// The number of the step that opens it, from 0.
    opened: usize,
    in_console: bool,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    pub(crate) partition: String,
    /// Account ids with their alias.
    accounts: Vec<(AccountId, Option<String>)>,
    entities: Vec<Entity>,
    /// The places of the entities of a name, without path: an organization has very many of them.
    by_name: BTreeMap<String, Vec<usize>>,
    resources: Vec<(AccountId, String)>,
    sessions: Vec<SessionName>,
    /// Names of remembered worlds, and the step that remembers each.
    remembered: Vec<(String, usize)>,
    pub(crate) has_organization: bool,
    /// The file's short names for ARNs.
    short: Vec<(String, String)>,
}

impl Names {
    /// Collects the names of a scenario and of the worlds it includes, whatever else is wrong with them. The
    /// scenario comes last.
    pub(crate) fn collect(files: &[Node<'_>]) -> Self {
        let said = files.iter().rev().find_map(|file| string(member(file, "partition")));
        let mut names = Self { partition: said.unwrap_or("aws").to_owned(), ..Self::default() };
        for file in files {
            for entry in members(member(file, "names")) {
                if let Some(arn) = string(Some(&entry.value)) {
                    names.short.push((entry.key.clone().into_owned(), arn.to_owned()));
                }
            }
            for account in members(member(file, "accounts")) {
                if let Ok(id) = account.key.parse() {
                    names.collect_alias(id, string(member(&account.value, "alias")));
                    names.collect_account(id, &account.value);
                }
            }
            names.has_organization |= member(file, "organization").is_some();
        }
        for file in files {
            for (index, step) in items(member(file, "steps")).iter().enumerate() {
                names.collect_step(index, step);
            }
        }
        names
    }

    /// Two files may describe one account; one of them may name it.
    fn collect_alias(&mut self, id: AccountId, alias: Option<&str>) {
        let alias = alias.map(str::to_owned);
        match self.accounts.iter_mut().find(|(known, _)| *known == id) {
            Some((_, known)) if known.is_none() => *known = alias,
            Some((_, known)) if alias.is_none() || *known == alias => {}
            _ => self.accounts.push((id, alias)),
        }
    }

    fn collect_account(&mut self, id: AccountId, account: &Node<'_>) {
        for kind in Kind::ALL {
            for entry in members(member(account, kind.field())) {
                let entity = Entity::new(id, kind, &entry.key);
                if !self.called(&entity.name).any(|known| *known == entity) {
                    self.add(entity);
                }
            }
        }
        for entry in members(member(account, "resources")) {
            self.resources.push((id, entry.key.clone().into_owned()));
        }
    }

    fn add(&mut self, entity: Entity) {
        self.by_name.entry(entity.name.clone()).or_default().push(self.entities.len());
        self.entities.push(entity);
    }

    /// The entities that a reference may name: those with its last part for a name.
    fn called(&self, reference: &str) -> impl Iterator<Item = &Entity> {
        let name = reference.rsplit(['/', ':']).next().unwrap_or(reference);
        let places = self.by_name.get(name).map(Vec::as_slice).unwrap_or_default();
        places.iter().filter_map(|place| self.entities.get(*place))
    }

    fn collect_step(&mut self, index: usize, step: &Node<'_>) {
        for change in items(member(step, "whatIf")) {
            self.collect_step(index, change);
        }
        if let Some(name) = string(member(step, "remember")) {
            self.remembered.push((name.to_owned(), index));
        }
        if let Some(text) = string(member(step, "change"))
            && let Ok(id) = self.account(text)
        {
            if let Some(alias) = string(member(step, "alias")) {
                self.accounts.push((id, Some(alias.to_owned())));
            }
            self.collect_account(id, step);
        }
        if let (Some(text), Some(to)) = (string(member(step, "rename")), string(member(step, "to")))
            && let Ok(entity) = self.entity(text, &[Kind::User, Kind::Group])
        {
            self.add(Entity::new(entity.account, entity.kind, to));
        }
        if let Some(name) = session_name(step)
            && !expects_error(step)
        {
            let in_console = member(step, "signIn").is_some();
            self.sessions.push(SessionName { name: name.to_owned(), opened: index, in_console });
        }
    }

    /// What a short name of the file stands for, or the text itself.
    pub(crate) fn expand<'t>(&'t self, text: &'t str) -> &'t str {
        self.short.iter().find(|(short, _)| short == text).map_or(text, |(_, arn)| arn)
    }

    /// An account by id or alias. An id need not be described in the file.
    pub(crate) fn account(&self, text: &str) -> Result<AccountId, Unresolved> {
        if let Ok(id) = text.parse() {
            return Ok(id);
        }
        let found = self.accounts.iter().find(|(_, alias)| alias.as_deref() == Some(text));
        if let Some((id, _)) = found {
            return Ok(*id);
        }
        let message = format!("`{text}` is neither an account id nor an alias of an account in this file");
        let help = self.account_help(text);
        Err(Unresolved { code: Code::InvalidAccount, message, help })
    }

    fn account_help(&self, text: &str) -> String {
        match nearest(text, self.accounts.iter().filter_map(|(_, alias)| alias.as_deref())) {
            Some(alias) => format!("did you mean `{alias}`?"),
            None => "an account id has exactly twelve digits".to_owned(),
        }
    }

    /// Whether an account is described in the file.
    pub(crate) fn describes(&self, account: AccountId) -> bool {
        self.accounts.iter().any(|(id, _)| *id == account)
    }

    /// A user, group, role or managed policy by reference: an ARN, or `[account:][kind/]name`.
    pub(crate) fn entity(&self, text: &str, kinds: &[Kind]) -> Result<Entity, Unresolved> {
        let text = self.expand(text);
        let of_kind = |entity: &&Entity| kinds.contains(&entity.kind);
        let found: Vec<&Entity> = if text.starts_with("arn:") {
            let named = |entity: &&Entity| entity.arn(&self.partition) == text;
            self.called(text).filter(of_kind).filter(named).collect()
        } else {
            let (account, rest) = self.split_account(text)?;
            let (kind, name) = split_kind(rest);
            let in_account = |entity: &&Entity| account.is_none_or(|account| entity.account == account);
            let is_kind = |entity: &&Entity| kind.is_none_or(|kind| entity.kind == kind);
            let written = |entity: &&Entity| {
                entity.name == name
                    || format!("{}{}", entity.path, entity.name).trim_start_matches('/') == name
            };
            let found = self.called(name).filter(of_kind).filter(in_account).filter(is_kind).filter(written);
            found.collect()
        };
        match found.as_slice() {
            [entity] => Ok((*entity).clone()),
            [] => Err(self.unknown(text, kinds)),
            several => Err(self.ambiguous(text, several)),
        }
    }

    fn unknown(&self, text: &str, kinds: &[Kind]) -> Unresolved {
        let sought = kinds.iter().map(|kind| kind.with_article()).collect::<Vec<_>>().join(", ");
        let message = match kinds {
            [kind] => format!("there is no {} `{text}` in this file", kind.word()),
            _ => format!("`{text}` is none of the things in this file that could stand here: {sought}"),
        };
        let bare = text.rsplit([':', '/']).next().unwrap_or(text);
        let names = self.entities.iter().filter(|entity| kinds.contains(&entity.kind));
        let help = match nearest(bare, names.map(|entity| entity.name.as_str())) {
            Some(name) if name != bare => format!("did you mean `{name}`?"),
            Some(name) => format!("there is a `{name}`, but not in this account or under this path"),
            None => "a name is `name`, `kind/name`, `account:kind/name`, or an ARN".to_owned(),
        };
        Unresolved { code: Code::UnknownName, message, help }
    }

    fn ambiguous(&self, text: &str, several: &[&Entity]) -> Unresolved {
        let ways: Vec<String> = several
            .iter()
            .map(|entity| {
                let account = self.shown(entity.account);
                format!("`{account}:{}/{}`", entity.kind.word(), entity.name)
            })
            .collect();
        Unresolved {
            code: Code::AmbiguousName,
            message: format!("`{text}` names {} things", several.len()),
            help: format!("write {}", ways.join(" or ")),
        }
    }

    /// `account:rest`, when there is a colon.
    fn split_account<'t>(&self, text: &'t str) -> Result<(Option<AccountId>, &'t str), Unresolved> {
        match text.split_once(':') {
            Some((account, rest)) => Ok((Some(self.account(account)?), rest)),
            None => Ok((None, text)),
        }
    }

    /// A caller by reference, for a step of the given number.
    pub(crate) fn who(&self, text: &str, step: usize) -> Result<Who, Unresolved> {
        if text == "anonymous" {
            return Ok(Who::Anonymous);
        }
        if self.sessions.iter().any(|session| session.name == text && session.opened < step) {
            return Ok(Who::Known(text.to_owned()));
        }
        let text = self.expand(text);
        if text.ends_with(".amazonaws.com") || text.ends_with(".amazonaws.com.cn") {
            return Ok(Who::Service(text.to_owned()));
        }
        if let Ok(arn) = text.parse::<Arn>() {
            return self.who_by_arn(text, &arn);
        }
        let (account, rest) = self.split_account(text)?;
        if rest == "root" {
            let account = match (account, self.accounts.as_slice()) {
                (Some(account), _) => account,
                (None, [(account, _)]) => *account,
                (None, _) => {
                    return Err(Unresolved {
                        code: Code::AmbiguousName,
                        message: "`root` is the root user of every account".to_owned(),
                        help: "write `account:root`, with the account's id or alias".to_owned(),
                    });
                }
            };
            return Ok(Who::Root(account));
        }
        // A user's name may have a path, and so look like a role's session.
        let user = self.entity(text, &[Kind::User]);
        if let Ok(user) = user {
            return Ok(Who::User(user));
        }
        let session = rest.strip_prefix("assumed-role/").or((!rest.starts_with("user/")).then_some(rest));
        if let Some((role, session)) = session.and_then(|rest| rest.rsplit_once('/')) {
            let role = match account {
                Some(account) => format!("{account}:role/{role}"),
                None => format!("role/{role}"),
            };
            let role = self.entity(&role, &[Kind::Role])?;
            return Ok(Who::SessionOf { role, session: session.to_owned() });
        }
        user.map(Who::User).map_err(|unresolved| self.not_a_caller(text, step, unresolved))
    }

    fn who_by_arn(&self, text: &str, arn: &Arn) -> Result<Who, Unresolved> {
        if arn.service() == "sts"
            && let (Some(account), Some(rest)) = (arn.account(), arn.resource().strip_prefix("assumed-role/"))
            && let Some((role, session)) = rest.split_once('/')
        {
            let role = self.entity(&format!("{account}:role/{role}"), &[Kind::Role])?;
            return Ok(Who::SessionOf { role, session: session.to_owned() });
        }
        if arn.service() == "iam"
            && arn.resource() == "root"
            && let Some(account) = arn.account()
        {
            return Ok(Who::Root(account));
        }
        self.entity(text, &[Kind::User]).map(Who::User).map_err(|unresolved| {
            if self.entity(text, &[Kind::Role]).is_ok() { role_does_not_call(text) } else { unresolved }
        })
    }

    fn not_a_caller(&self, text: &str, step: usize, unresolved: Unresolved) -> Unresolved {
        if unresolved.code == Code::AmbiguousName {
            return unresolved;
        }
        if let Some(session) = self.sessions.iter().find(|session| session.name == text) {
            let when = if session.opened == step { "this step itself" } else { "a later step" };
            return Unresolved {
                code: Code::UnknownName,
                message: format!("`{text}` is only opened by {when}"),
                help: "a step knows the sessions of the steps before it".to_owned(),
            };
        }
        if self.entity(text, &[Kind::Role]).is_ok() {
            return role_does_not_call(text);
        }
        let users = self.entities.iter().filter(|entity| entity.kind == Kind::User);
        let earlier = self.sessions.iter().filter(|session| session.opened < step);
        let sessions = earlier.map(|session| session.name.as_str());
        let bare = text.rsplit(':').next().unwrap_or(text);
        let help = match nearest(bare, sessions.chain(users.map(|user| user.name.as_str()))) {
            Some(name) if name != bare => format!("did you mean `{name}`?"),
            _ => {
                "a caller is a user, a session of an earlier step, `role/session`, `account:root`, a service \
                  such as `lambda.amazonaws.com`, or `anonymous`"
                    .to_owned()
            }
        };
        Unresolved {
            code: Code::UnknownName,
            message: format!("there is no caller `{text}` in this file"),
            help,
        }
    }

    /// Whether a session is one of the console when a step of the given number asks.
    pub(crate) fn is_console(&self, name: &str, step: usize) -> bool {
        let latest = self.sessions.iter().rfind(|session| session.name == name && session.opened < step);
        latest.is_some_and(|session| session.in_console)
    }

    /// Whether a step before this one remembers the world under a name; what is said where none does.
    pub(crate) fn remembers(&self, name: &str, step: usize) -> Result<(), Unresolved> {
        if self.remembered.iter().any(|(known, index)| known == name && *index < step) {
            return Ok(());
        }
        let earlier = self.remembered.iter().filter(|(_, index)| *index < step);
        Err(Unresolved {
            code: Code::UnknownName,
            message: format!("no earlier step remembers the world as `{name}`"),
            help: match nearest(name, earlier.map(|(known, _)| known.as_str())) {
                Some(known) => format!("did you mean `{known}`?"),
                None => format!("write `{{\"remember\": \"{name}\"}}` before the changes"),
            },
        })
    }

    /// What a file that is included says that a short name stands for, where it is something else.
    pub(crate) fn short_name_elsewhere(&self, short: &str, arn: &str) -> Option<&str> {
        let (_, first) = self.short.iter().find(|(known, _)| known == short)?;
        (first != arn).then_some(first.as_str())
    }

    /// The users, groups, roles and managed policies.
    pub(crate) fn entities(&self) -> &[Entity] {
        &self.entities
    }

    /// The accounts that are described.
    pub(crate) fn account_ids(&self) -> impl Iterator<Item = AccountId> {
        self.accounts.iter().map(|(id, _)| *id)
    }

    /// The ARNs of the resources, and what the short names stand for.
    pub(crate) fn resource_arns(&self) -> impl Iterator<Item = &str> {
        let described = self.resources.iter().map(|(_, arn)| arn.as_str());
        described.chain(self.short.iter().map(|(_, arn)| arn.as_str()))
    }

    /// An account's alias, or else its id.
    pub(crate) fn shown(&self, account: AccountId) -> String {
        let known = self.accounts.iter().find(|(id, alias)| *id == account && alias.is_some());
        known.and_then(|(_, alias)| alias.clone()).unwrap_or_else(|| account.to_string())
    }

    /// The ARN of a role to assume. An ARN is taken as it is: AWS says what it thinks of it.
    pub(crate) fn role_arn(&self, text: &str) -> Result<String, Unresolved> {
        let expanded = self.expand(text);
        if expanded.starts_with("arn:") {
            return Ok(expanded.to_owned());
        }
        self.entity(expanded, &[Kind::Role]).map(|role| role.arn(&self.partition))
    }

    /// The ARN of a managed policy: an ARN, or the name of one of the account's own.
    pub(crate) fn policy_arn(&self, account: Option<AccountId>, text: &str) -> Result<String, Unresolved> {
        let expanded = self.expand(text);
        if expanded.starts_with("arn:") {
            return Ok(expanded.to_owned());
        }
        let qualified = match account {
            Some(account) if !expanded.contains(':') => format!("{account}:{expanded}"),
            _ => expanded.to_owned(),
        };
        let entity = self.entity(&qualified, &[Kind::Policy]).map_err(|unresolved| Unresolved {
            message: unresolved.message.replace(&format!("`{qualified}`"), &format!("`{text}`")),
            ..unresolved
        })?;
        Ok(entity.arn(&self.partition))
    }

    /// A resource: an ARN, `*`, a short name, or the name of a user, group, role or policy with its kind.
    pub(crate) fn resource(&self, text: &str) -> Result<String, Unresolved> {
        let expanded = self.expand(text);
        if expanded == "*" || expanded.starts_with("arn:") {
            return Ok(expanded.to_owned());
        }
        let bare = expanded.split_once(':').map_or(expanded, |(_, rest)| rest);
        if split_kind(bare).0.is_some() {
            return self.entity(expanded, &Kind::ALL).map(|entity| entity.arn(&self.partition));
        }
        let help = match nearest(text, self.short.iter().map(|(short, _)| short.as_str())) {
            Some(short) => format!("did you mean `{short}`?"),
            None => "write an ARN, `*`, a name of `names`, or `role/name`".to_owned(),
        };
        Err(Unresolved {
            code: Code::InvalidArn,
            message: format!("`{text}` is neither an ARN nor a name of this file"),
            help,
        })
    }

    /// The account that a resource of the file is described in.
    pub(crate) fn owner_of(&self, arn: &str) -> Option<AccountId> {
        self.resources.iter().find(|(_, resource)| resource == arn).map(|(account, _)| *account)
    }

    /// Whether a session's name is a user's as well, so that `as` could mean either.
    pub(crate) fn is_user(&self, name: &str) -> bool {
        self.called(name).any(|entity| entity.kind == Kind::User && entity.name == name)
    }
}

fn role_does_not_call(text: &str) -> Unresolved {
    Unresolved {
        code: Code::UnknownName,
        message: format!("`{text}` is a role, and a role does not call: its sessions do"),
        help: format!(
            "assume it in an earlier step, or write `{text}/session-name` for a session nobody had to open"
        ),
    }
}

fn split_kind(text: &str) -> (Option<Kind>, &str) {
    for kind in Kind::ALL {
        if let Some(name) = text.strip_prefix(kind.word()).and_then(|rest| rest.strip_prefix('/')) {
            return (Some(kind), name);
        }
    }
    (None, text)
}

/// The name by which later steps know the session that a step opens.
pub(crate) fn session_name<'n>(step: &'n Node<'_>) -> Option<&'n str> {
    string(member(step, "becomes"))
        .or_else(|| string(member(step, "getSessionToken")))
        .or_else(|| string(member(step, "getFederationToken")))
        .or_else(|| string(member(step, "assume").and(member(step, "session"))))
}

/// Whether a step expects to be refused, and so opens no session.
fn expects_error(step: &Node<'_>) -> bool {
    let expect = member(step, "expect");
    let word = string(expect).or_else(|| expect.and_then(|expect| string(member(expect, "error"))));
    word.is_some_and(|word| errors().contains(&word))
}

fn members<'n, 's>(node: Option<&'n Node<'s>>) -> &'n [Member<'s>] {
    match node {
        Some(Node { value: Value::Object(members), .. }) => members,
        _ => &[],
    }
}

fn items<'n, 's>(node: Option<&'n Node<'s>>) -> &'n [Node<'s>] {
    match node {
        Some(Node { value: Value::Array(items), .. }) => items,
        _ => &[],
    }
}

fn member<'n, 's>(node: &'n Node<'s>, key: &str) -> Option<&'n Node<'s>> {
    members(Some(node)).iter().find(|member| member.key == key).map(|member| &member.value)
}

fn string<'n>(node: Option<&'n Node<'_>>) -> Option<&'n str> {
    match node {
        Some(Node { value: Value::String(text), .. }) => Some(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use iamsim_policy::{Source, json};

    use super::*;

    const FILE: &str = r#"{
      "names": { "the boss": "arn:aws:iam::111122223333:user/eng/ada", "checkout": "arn:aws:lambda:::f" },
      "accounts": {
        "111122223333": {
          "alias": "acme-users",
          "users": { "eng/ada": {}, "dev": {} },
          "groups": { "dev": {} },
          "roles": { "deployer": {} },
          "policies": { "ci/Deploy": {} },
          "resources": { "arn:aws:s3:::b": {} }
        },
        "444455556666": { "users": { "dev": {} }, "roles": { "ops/auditor": {} } }
      },
      "steps": [
        { "as": "dev", "assume": "deployer", "session": "one" },
        { "signIn": "ada", "becomes": "console" },
        { "as": "dev", "assume": "deployer", "session": "refused", "expect": "AccessDenied" },
        { "rename": "ada", "to": "grace" },
        { "change": "444455556666", "alias": "acme-production", "users": { "new": {} } }
      ]
    }"#;

    fn names() -> Names {
        Names::collect(&[json::parse(&Source::from(FILE)).unwrap()])
    }

    /// What a caller is for a step after all others, or the code of why it is none.
    fn caller(text: &str) -> String {
        match names().who(text, 5) {
            Ok(Who::User(user)) => user.arn("aws"),
            Ok(Who::SessionOf { role, session }) => format!("{session} of {}", role.arn("aws")),
            Ok(other) => format!("{other:?}"),
            Err(unresolved) => unresolved.code.to_string(),
        }
    }

    #[test]
    fn a_caller_is_named_in_many_ways() {
        let check = |text: &str, expected: &str| assert_eq!(caller(text), expected, "{text}");
        let ada = "arn:aws:iam::111122223333:user/eng/ada";
        check("ada", ada);
        check("eng/ada", ada);
        check("user/ada", ada);
        check("acme-users:ada", ada);
        check("111122223333:user/eng/ada", ada);
        check(ada, ada);
        check("the boss", ada);
        check("dev", "ambiguous-name");
        check("acme-production:dev", "arn:aws:iam::444455556666:user/dev");
        check("new", "arn:aws:iam::444455556666:user/new");
        check("grace", "arn:aws:iam::111122223333:user/grace");
        check("deployer/morning", "morning of arn:aws:iam::111122223333:role/deployer");
        check("assumed-role/deployer/morning", "morning of arn:aws:iam::111122223333:role/deployer");
        check("auditor/x", "x of arn:aws:iam::444455556666:role/ops/auditor");
        check(
            "arn:aws:sts::444455556666:assumed-role/auditor/x",
            "x of arn:aws:iam::444455556666:role/ops/auditor",
        );
        check("one", "Known(\"one\")");
        check("console", "Known(\"console\")");
        check("refused", "unknown-name");
        check("root", "ambiguous-name");
        check("acme-users:root", "Root(AccountId(111122223333))");
        check("arn:aws:iam::111122223333:root", "Root(AccountId(111122223333))");
        check("lambda.amazonaws.com", "Service(\"lambda.amazonaws.com\")");
        check("anonymous", "Anonymous");
        check("deployer", "unknown-name");
        check("acme:dev", "invalid-account");
        check("", "unknown-name");
    }

    #[test]
    fn a_session_is_known_only_after_the_step_that_opens_it() {
        assert!(names().who("one", 0).is_err());
        assert!(names().who("one", 1).is_ok());
        assert!(!names().is_console("one", 5));
        assert!(names().is_console("console", 5));
    }

    #[test]
    fn a_resource_is_an_arn_a_short_name_or_a_thing_with_its_kind() {
        let check = |text: &str, expected: Result<&str, Code>| {
            let found = names().resource(text).map_err(|unresolved| unresolved.code);
            assert_eq!(found.as_deref().map_err(|code| *code), expected, "{text}");
        };
        check("*", Ok("*"));
        check("arn:aws:s3:::b/k", Ok("arn:aws:s3:::b/k"));
        check("checkout", Ok("arn:aws:lambda:::f"));
        check("role/auditor", Ok("arn:aws:iam::444455556666:role/ops/auditor"));
        check("acme-users:policy/Deploy", Ok("arn:aws:iam::111122223333:policy/ci/Deploy"));
        check("b/k", Err(Code::InvalidArn));
        check("role/nobody", Err(Code::UnknownName));
    }
}
