//! Takes the steps of a scenario. Every question is asked through both doors of the simulator, and a
//! difference between them fails the step.

use std::collections::BTreeMap;

use iamsim::{
    AssumeRole, AssumeRoleWithSaml, AssumeRoleWithWebIdentity, AssumeRoot, Caller, Cloud, ConsoleSession,
    Decision, Error, GetFederationToken, GetSessionToken, RequestBuilder, RoleArn, SamlAssertion, Session,
    SwitchRoleLink, WebIdentityToken,
};
use iamsim_policy::AccountId;

use crate::file::{
    self, Act, Ask, Assume, Behalf, Circumstances, Code, ContextEntry, Door, Expectation, FederationToken,
    File, Link, Mfa, Saml, SessionTags, Step, WebIdentity,
};
use crate::finding::{self, Finding};
use crate::judge::{Came, outcome};
use crate::names::{Entity, Kind, Who};
use crate::outcome::{Outcome, StepOutcome};
use crate::time;
use crate::world::{self, policy};

/// Runs a scenario. The error holds what AWS would refuse of its world.
pub(crate) fn run(file: &File) -> Result<Outcome, Vec<Finding>> {
    let mut cloud = Cloud::in_partition(&file.world.partition);
    if let Some(now) = file.now {
        cloud.clock().set(now);
    }
    let refused = world::build(&mut cloud, &file.world);
    if !refused.is_empty() {
        return Err(refused.into_iter().map(|refused| refusal(file, &refused)).collect());
    }
    let management = file.world.organization.as_ref().and_then(|organization| organization.management);
    let mut runner = Runner {
        cloud,
        file,
        management: management.map(|management| management.value),
        sessions: BTreeMap::new(),
        callers: BTreeMap::new(),
    };
    let mut steps = Vec::new();
    for (index, step) in file.steps.iter().enumerate() {
        for outcome in runner.step(step) {
            steps.push(StepOutcome { number: index + 1, name: step.name.clone(), ..outcome });
        }
    }
    Ok(Outcome { title: file.title.clone(), file: file.source.name().to_owned(), steps })
}

fn refusal(file: &File, refused: &world::Refused) -> Finding {
    let error = &refused.error;
    if let [diagnostic] = error.diagnostics() {
        return Finding::from(diagnostic);
    }
    let message = format!("AWS would refuse this: {}: {}", error.code(), error.message());
    let finding = Finding::error(&file.source, finding::Code::Refused, refused.span, message);
    match error.reason() {
        Some(reason) => finding.with_help(reason),
        None => finding.with_help("a scenario begins in a world that AWS would allow"),
    }
}

/// A session that a step has opened.
#[derive(Clone, Debug)]
enum Known {
    Session(Caller),
    Console(ConsoleSession),
}

struct Runner<'f> {
    cloud: Cloud,
    file: &'f File,
    management: Option<AccountId>,
    sessions: BTreeMap<String, Known>,
    /// The last caller each user was: credentials outlive the user they belong to.
    callers: BTreeMap<String, Caller>,
}

impl Runner<'_> {
    fn step(&mut self, step: &Step) -> Vec<StepOutcome> {
        let expect = step.expect.as_ref();
        match &step.act {
            Act::Ask(ask) => self.ask(ask, expect),
            Act::Assume(assume) => vec![self.assume(assume, expect)],
            Act::SignIn { user, mfa, becomes } => {
                let came = self.sign_in(user, mfa.as_ref(), becomes.as_deref());
                vec![outcome(Some(&user.written), "console sign-in", None, came, expect)]
            }
            Act::SwitchRole { from, link, becomes } => {
                let (role, came) = self.switch_role(from, link, becomes.as_deref());
                vec![outcome(Some(&from.written), "switch role", role, came, expect)]
            }
            Act::SessionToken { caller, mfa, duration, becomes } => {
                let came = self.session_token(caller, mfa.as_ref(), *duration, becomes);
                vec![outcome(Some(&caller.written), "sts:GetSessionToken", None, came, expect)]
            }
            Act::FederationToken(token) => {
                let came = self.federation_token(token);
                vec![outcome(Some(&token.caller.written), "sts:GetFederationToken", None, came, expect)]
            }
            Act::AssumeRoot(root) => {
                let came = self.assume_root(root);
                let on = Some(format!("{} for {}", root.written, root.task));
                vec![outcome(Some(&root.caller.written), "sts:AssumeRoot", on, came, expect)]
            }
            Act::Wait(length) => {
                self.cloud.clock().advance(*length);
                let verb = if is_one(*length) { "passes" } else { "pass" };
                vec![note(format!("{} {verb}", time::spoken(*length)))]
            }
            Act::At(instant) => {
                self.cloud.clock().set(*instant);
                vec![note(format!("it is {}", time::stamp(*instant)))]
            }
            Act::Change(change) => {
                let came = done(world::change(&mut self.cloud, self.management, &change.body));
                vec![outcome(None, "change", Some(change.written.clone()), came, expect)]
            }
            Act::Delete(target) => {
                if let file::Deletable::Entity(entity) = &target.what {
                    self.remember(entity);
                }
                let came = done(world::delete(&mut self.cloud, &target.what));
                vec![outcome(None, "delete", Some(target.written.clone()), came, expect)]
            }
            Act::Rename { entity, written, to } => {
                let came = done(world::rename(&mut self.cloud, entity, to));
                vec![outcome(None, "rename", Some(format!("{written} to {to}")), came, expect)]
            }
        }
    }

    /// The caller behind a reference, or why there is none.
    fn caller(&mut self, who: &Who, behalf: &Behalf) -> Result<Caller, Came> {
        let caller = match who {
            Who::Known(name) => match self.sessions.get(name) {
                Some(Known::Session(caller)) => caller.clone(),
                Some(Known::Console(session)) => session.caller().clone(),
                None => return Err(Came::Impossible(format!("no step has opened the session `{name}`"))),
            },
            Who::User(entity) => return self.user(entity),
            Who::Root(account) => self.cloud.account(&account.to_string()).map(|account| account.root())?,
            Who::SessionOf { role, session } => {
                let mut account = self.cloud.account(&role.account.to_string())?;
                account.role(&role.name)?.session(session)?
            }
            Who::Service(name) => Caller::service(name),
            Who::Anonymous => Caller::anonymous(),
        };
        on_behalf(caller, behalf)
    }

    fn user(&mut self, entity: &Entity) -> Result<Caller, Came> {
        self.remember(entity);
        match self.callers.get(&entity.arn("")) {
            Some(caller) => Ok(caller.clone()),
            None => Err(Came::Impossible(format!("there is no user `{}` at this moment", entity.name))),
        }
    }

    /// Keeps the credentials of a user, if the user is there.
    fn remember(&mut self, entity: &Entity) {
        if entity.kind == Kind::User
            && let Ok(mut account) = self.cloud.account(&entity.account.to_string())
            && let Ok(user) = account.user(&entity.name)
        {
            self.callers.insert(entity.arn(""), user.caller());
        }
    }

    fn ask(&mut self, ask: &Ask, expect: Option<&Expectation>) -> Vec<StepOutcome> {
        let mut outcomes = Vec::new();
        for caller in &ask.callers {
            for action in &ask.actions {
                for (arn, written) in &ask.resources {
                    let came = self.question(&caller.who, &action.value, arn, ask);
                    let on = (arn != "*").then(|| written.clone());
                    outcomes.push(outcome(Some(&caller.written), &action.value, on, came, expect));
                }
            }
        }
        outcomes
    }

    /// Asks through both doors.
    fn question(&mut self, who: &Who, action: &str, arn: &str, ask: &Ask) -> Came {
        let caller = match self.caller(who, &ask.behalf) {
            Ok(caller) => caller,
            Err(came) => return came,
        };
        let request = self.cloud.request(&caller, action, arn);
        let request = with_circumstances(request, &self.file.defaults, &ask.circumstances);
        let request = with_details(request, ask);
        let decided = request.clone().authorize();
        match (decided, request.explain()) {
            (Ok(decision), Ok(explanation)) if decision == explanation.decision() => {
                Came::Decision(Box::new(explanation))
            }
            (Err(error), Err(other)) if error.code() == other.code() => Came::Refused(error),
            (decided, explained) => {
                let decided = decided.map_or_else(|error| error.code(), Decision::as_str);
                let explained = explained
                    .map_or_else(|error| error.code(), |explanation| explanation.decision().as_str());
                Came::Impossible(format!(
                    "the simulator contradicts itself: authorize says {decided}, explain says {explained}"
                ))
            }
        }
    }

    fn opened(&mut self, name: &str, session: Result<Session, Error>) -> Came {
        match session {
            Err(error) => Came::Refused(error),
            Ok(session) => {
                let came = Came::Session {
                    name: name.to_owned(),
                    arn: session.arn(),
                    from: self.cloud.clock().now(),
                    until: session.expires_at(),
                    link: None,
                };
                self.sessions.insert(name.to_owned(), Known::Session(session.caller().clone()));
                came
            }
        }
    }

    fn assume(&mut self, assume: &Assume, expect: Option<&Expectation>) -> StepOutcome {
        let role = RoleArn::new_unchecked(&assume.role);
        let (who, what, session) = match &assume.door {
            Door::Role(call) => {
                let session = self.assume_role(&role, assume, call);
                (&call.caller.written, "sts:AssumeRole", session)
            }
            Door::WebIdentity(identity) => {
                let call = web_identity(&role, assume, identity);
                let session = self.cloud.sts().assume_role_with_web_identity(call);
                (&identity.subject, "sts:AssumeRoleWithWebIdentity", Ok(session))
            }
            Door::Saml(assertion) => {
                let call = saml(&role, assume, assertion);
                let session = self.cloud.sts().assume_role_with_saml(call);
                (&assertion.subject, "sts:AssumeRoleWithSAML", Ok(session))
            }
        };
        let came = match session {
            Ok(session) => self.opened(&assume.becomes, session),
            Err(came) => came,
        };
        outcome(Some(who), what, Some(assume.written.clone()), came, expect)
    }

    fn assume_role(
        &mut self,
        role: &RoleArn,
        assume: &Assume,
        with: &file::AssumeRole,
    ) -> Result<Result<Session, Error>, Came> {
        let caller = self.caller(&with.caller.who, &with.behalf)?;
        let mut call = AssumeRole::new(role, &assume.session);
        if let Some(id) = &with.external_id {
            call = call.external_id(id);
        }
        if let Some(mfa) = &with.mfa {
            let (serial, code) = self.mfa(&with.caller.who, mfa)?;
            if let Some(serial) = serial {
                call = call.mfa_serial(&serial);
            }
            if let Some(code) = code {
                call = call.mfa_code(&code);
            }
        }
        let SessionTags { tags, transitive, source_identity } = &with.tags;
        for (key, value) in tags {
            call = call.tag(&key.value, &value.value);
        }
        for key in transitive {
            call = call.transitive_key(&key.value);
        }
        if let Some(identity) = source_identity {
            call = call.source_identity(identity);
        }
        for (key, entry) in &with.context {
            call = match entry {
                ContextEntry::One(value) => call.context(key, value),
                ContextEntry::Many(values) => {
                    values.iter().fold(call, |call, value| call.context(key, value))
                }
            };
        }
        for key in &with.absent {
            call = call.absent(key);
        }
        if let Some(document) = &assume.policy {
            call = call.policy(policy(document));
        }
        for arn in &assume.policy_arns {
            call = call.policy_arn(&arn.value);
        }
        if let Some(duration) = assume.duration {
            call = call.duration(duration);
        }
        Ok(self.cloud.sts().assume_role(&caller, call))
    }

    /// Serial number and code of an MFA device, as they are sent.
    fn mfa(&mut self, who: &Who, mfa: &Mfa) -> Result<(Option<String>, Option<String>), Came> {
        let serial = mfa.device.as_ref().map(|device| match who {
            Who::User(entity) if !device.contains([':', '/']) => {
                let partition = &self.file.world.partition;
                format!("arn:{partition}:iam::{}:mfa/{device}", entity.account)
            }
            _ => device.clone(),
        });
        let code = match (&mfa.code, &serial) {
            (Code::Given(code), _) => Some(code.clone()),
            (Code::Shown, Some(serial)) => Some(self.cloud.mfa_code(serial)?),
            (Code::Shown, None) | (Code::NotSent, _) => None,
        };
        Ok((serial, code))
    }

    fn sign_in(&mut self, user: &file::Caller, mfa: Option<&Mfa>, becomes: Option<&str>) -> Came {
        let caller = match self.caller(&user.who, &Behalf::default()) {
            Ok(caller) => caller,
            Err(came) => return came,
        };
        let given = mfa.map(|mfa| self.mfa(&user.who, mfa)).transpose();
        let signed_in = match given {
            Err(came) => return came,
            Ok(Some((serial, code))) => {
                let (serial, code) = (serial.unwrap_or_default(), code.unwrap_or_default());
                self.cloud.console().sign_in_with_mfa(&caller, &serial, &code)
            }
            Ok(None) => self.cloud.console().sign_in(&caller),
        };
        match signed_in {
            Err(error) => Came::Refused(error),
            Ok(session) => {
                let name = becomes.unwrap_or_default().to_owned();
                let came = Came::Session {
                    name: name.clone(),
                    arn: session.caller().to_string(),
                    from: self.cloud.clock().now(),
                    until: session.expires_at(),
                    link: None,
                };
                self.sessions.insert(name, Known::Console(session));
                came
            }
        }
    }

    fn switch_role(
        &mut self,
        from: &file::Caller,
        link: &Link,
        becomes: Option<&str>,
    ) -> (Option<String>, Came) {
        let link = match link {
            Link::Url(url) => SwitchRoleLink::parse(url),
            Link::Parts { account, role, display_name, color } => SwitchRoleLink::new(account, role)
                .and_then(|mut link| {
                    if let Some(name) = display_name {
                        link = link.display_name(name);
                    }
                    match color {
                        Some(color) => link.color(color),
                        None => Ok(link),
                    }
                }),
        };
        let link = match link {
            Ok(link) => link,
            Err(error) => return (None, Came::Refused(error)),
        };
        let on = Some(format!("{} in {}", link.role_name(), link.account()));
        let session = match &from.who {
            Who::Known(name) => self.sessions.get(name).cloned(),
            _ => None,
        };
        let Some(Known::Console(session)) = session else {
            let why = format!("`{}` is not signed in to the console", from.written);
            return (on, Came::Impossible(why));
        };
        let switched = self.cloud.console().switch_role(&session, &link);
        let mut came = self.opened(becomes.unwrap_or_default(), switched);
        if let Came::Session { link: shown, .. } = &mut came {
            *shown = Some(link.to_string());
        }
        (on, came)
    }

    fn session_token(
        &mut self,
        caller: &file::Caller,
        mfa: Option<&Mfa>,
        duration: Option<chrono::TimeDelta>,
        becomes: &str,
    ) -> Came {
        let mut call = GetSessionToken::new();
        if let Some(mfa) = mfa {
            match self.mfa(&caller.who, mfa) {
                Err(came) => return came,
                Ok((serial, code)) => {
                    call = call.mfa(&serial.unwrap_or_default(), &code.unwrap_or_default());
                }
            }
        }
        if let Some(duration) = duration {
            call = call.duration(duration);
        }
        match self.caller(&caller.who, &Behalf::default()) {
            Err(came) => came,
            Ok(who) => {
                let session = self.cloud.sts().get_session_token(&who, call);
                self.opened(becomes, session)
            }
        }
    }

    fn assume_root(&mut self, root: &file::AssumeRoot) -> Came {
        let call = AssumeRoot::new(&root.member.to_string(), &root.task);
        let call = match root.duration {
            Some(duration) => call.duration(duration),
            None => call,
        };
        match self.caller(&root.caller.who, &Behalf::default()) {
            Err(came) => came,
            Ok(who) => {
                let session = self.cloud.sts().assume_root(&who, call);
                self.opened(&root.becomes, session)
            }
        }
    }

    fn federation_token(&mut self, token: &FederationToken) -> Came {
        let mut call = GetFederationToken::new(&token.name);
        if let Some(document) = &token.policy {
            call = call.policy(policy(document));
        }
        for arn in &token.policy_arns {
            call = call.policy_arn(&arn.value);
        }
        for (key, value) in &token.tags {
            call = call.tag(&key.value, &value.value);
        }
        if let Some(duration) = token.duration {
            call = call.duration(duration);
        }
        match self.caller(&token.caller.who, &Behalf::default()) {
            Err(came) => came,
            Ok(who) => {
                let session = self.cloud.sts().get_federation_token(&who, call);
                self.opened(&token.becomes, session)
            }
        }
    }
}

fn done(result: Result<(), Error>) -> Came {
    match result {
        Ok(()) => Came::Done,
        Err(error) => Came::Refused(error),
    }
}

fn on_behalf(mut caller: Caller, behalf: &Behalf) -> Result<Caller, Came> {
    if let Some(arn) = &behalf.source_arn {
        caller = caller.on_behalf_of(arn).map_err(Error::from)?;
    }
    if let Some(account) = &behalf.source_account {
        caller = caller.source_account(account).map_err(Error::from)?;
    }
    Ok(caller)
}

/// The context: the defaults first, so that the step's own word counts.
fn with_circumstances(
    mut request: RequestBuilder,
    defaults: &Circumstances,
    own: &Circumstances,
) -> RequestBuilder {
    if let Some(region) = own.region.as_ref().or(defaults.region.as_ref()) {
        request = request.region(region);
    }
    if own.complete.or(defaults.complete).unwrap_or_default() {
        request = request.complete();
    }
    for circumstances in [defaults, own] {
        for key in &circumstances.absent {
            request = if key.ends_with('/') { request.absent_prefix(key) } else { request.absent(key) };
        }
        for (key, entry) in &circumstances.context {
            request = match entry {
                ContextEntry::One(value) => request.context(key, value),
                ContextEntry::Many(values) => request.context_many(key, values.iter().map(String::as_str)),
            };
        }
        for key in &circumstances.unknown {
            request = request.unknown(key);
        }
    }
    request
}

fn with_details(mut request: RequestBuilder, ask: &Ask) -> RequestBuilder {
    match &ask.tags {
        Some(tags) if tags.is_empty() => request = request.no_tags(),
        Some(tags) => {
            for (key, value) in tags {
                request = request.tag(&key.value, &value.value);
            }
        }
        None => {}
    }
    if let Some(service) = &ask.via {
        request = request.via_service(service);
    }
    if let Some(id) = &ask.through {
        request = request.through_endpoint(id);
    }
    if let Some(account) = &ask.owner {
        request = request.owner(account);
    }
    request
}

fn web_identity(role: &RoleArn, assume: &Assume, identity: &WebIdentity) -> AssumeRoleWithWebIdentity {
    let mut token = WebIdentityToken::new(&identity.issuer, &identity.subject, &identity.audience);
    if let Some(party) = &identity.authorized_party {
        token = token.authorized_party(party);
    }
    for (name, entry) in &identity.claims {
        token = match entry {
            ContextEntry::One(value) => token.claim(name, value),
            ContextEntry::Many(values) => {
                let values: Vec<&str> = values.iter().map(String::as_str).collect();
                token.claim_many(name, &values)
            }
        };
    }
    for (key, value, is_transitive) in tags(&identity.tags) {
        token = if is_transitive { token.transitive_tag(key, value) } else { token.tag(key, value) };
    }
    if let Some(source) = &identity.tags.source_identity {
        token = token.source_identity(source);
    }
    if let Some(at) = identity.issued_at {
        token = token.issued_at(at);
    }
    if let Some(at) = identity.expires_at {
        token = token.expires_at(at);
    }
    let mut call = AssumeRoleWithWebIdentity::new(role, &assume.session, &token);
    if let Some(document) = &assume.policy {
        call = call.policy(policy(document));
    }
    for arn in &assume.policy_arns {
        call = call.policy_arn(&arn.value);
    }
    match assume.duration {
        Some(duration) => call.duration(duration),
        None => call,
    }
}

fn saml(role: &RoleArn, assume: &Assume, with: &Saml) -> AssumeRoleWithSaml {
    let mut assertion = SamlAssertion::new(&with.provider, &with.subject, &assume.session);
    if let Some(role) = &with.role {
        assertion = assertion.role(role);
    }
    for (name, value) in &with.attributes {
        assertion = assertion.attribute(&name.value, &value.value);
    }
    if let Some(url) = &with.recipient {
        assertion = assertion.recipient(url);
    }
    if let Some(kind) = &with.subject_type {
        assertion = assertion.subject_type(kind);
    }
    for (key, value, is_transitive) in tags(&with.tags) {
        assertion =
            if is_transitive { assertion.transitive_tag(key, value) } else { assertion.tag(key, value) };
    }
    if let Some(source) = &with.tags.source_identity {
        assertion = assertion.source_identity(source);
    }
    if let Some(at) = with.issued_at {
        assertion = assertion.issued_at(at);
    }
    if let Some(at) = with.session_not_on_or_after {
        assertion = assertion.session_not_on_or_after(at);
    }
    let mut call = AssumeRoleWithSaml::new(role, &assertion);
    if let Some(document) = &assume.policy {
        call = call.policy(policy(document));
    }
    for arn in &assume.policy_arns {
        call = call.policy_arn(&arn.value);
    }
    match assume.duration {
        Some(duration) => call.duration(duration),
        None => call,
    }
}

/// The tags of a token or assertion, each with whether it is transitive.
fn tags(tags: &SessionTags) -> impl Iterator<Item = (&str, &str, bool)> {
    tags.tags.iter().map(|(key, value)| {
        let is_transitive = tags.transitive.iter().any(|transitive| transitive.value == key.value);
        (key.value.as_str(), value.value.as_str(), is_transitive)
    })
}

/// Whether a length of time is one of its units: `1 hour passes`, `2 hours pass`.
fn is_one(length: chrono::TimeDelta) -> bool {
    [1, 60, 3_600, 86_400].contains(&length.num_seconds())
}

/// A step in which only time passes.
fn note(what: String) -> StepOutcome {
    StepOutcome { what, ..StepOutcome::default() }
}
