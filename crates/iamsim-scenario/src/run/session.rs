//! Steps that open sessions.

use iamsim::{
    AssumeRole, AssumeRoleWithSaml, AssumeRoleWithWebIdentity, AssumeRoot, Caller, Error, GetFederationToken,
    GetSessionToken, ProvidedContext, RoleArn, SamlAssertion, Session, SwitchRoleLink, WebIdentityToken,
};

use super::Runner;
use super::cast::Known;
use crate::build::policy;
use crate::file::{
    self, Assume, Behalf, Code, ContextEntry, Door, FederationToken, Link, Mfa, Saml, SessionTags,
    WebIdentity,
};
use crate::judge::Came;
use crate::names::Who;

impl Runner<'_> {
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
                    decisions: session.decisions().to_vec(),
                };
                self.cast.opened(name, Known::Session(session.caller().clone()));
                came
            }
        }
    }

    pub(super) fn assume(&mut self, assume: &Assume) -> Came {
        let role = RoleArn::new_unchecked(&assume.role);
        let session = match &assume.door {
            Door::Role(call) => match self.assume_role(&role, assume, call) {
                Ok(session) => session,
                Err(came) => return came,
            },
            Door::WebIdentity(identity) => {
                let call = web_identity(&role, assume, identity);
                self.cloud.sts().assume_role_with_web_identity(call)
            }
            Door::Saml(assertion) => {
                let call = saml(&role, assume, assertion);
                self.cloud.sts().assume_role_with_saml(call)
            }
        };
        self.opened(&assume.becomes, session)
    }

    fn caller(&mut self, who: &Who, behalf: &Behalf) -> Result<Caller, Came> {
        self.cast.caller(&mut self.cloud, who, behalf)
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
        if !with.provided.is_empty() {
            let says = ProvidedContext::identity_center();
            let says =
                with.provided.iter().fold(says, |says, (key, word)| says.with(&key.value, &word.value));
            call = call.provided_context(says);
        }
        for (key, entry) in &with.context {
            call = match entry {
                ContextEntry::Absent => call.absent(key),
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

    /// Serial number and code of an MFA device, as they are sent. A device goes by its name where it is one of
    /// the caller's account.
    fn mfa(&mut self, who: &Who, mfa: &Mfa) -> Result<(Option<String>, Option<String>), Came> {
        let account = match who {
            Who::User(entity) => Some(entity.account),
            Who::Known(name) => self.cast.session(name).and_then(|session| session.caller().account()),
            _ => None,
        };
        let serial = mfa.device.as_ref().map(|device| match account {
            Some(account) if !device.contains([':', '/']) => {
                format!("arn:{}:iam::{account}:mfa/{device}", self.file.names.partition)
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

    pub(super) fn sign_in(&mut self, user: &file::Caller, mfa: Option<&Mfa>, becomes: Option<&str>) -> Came {
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
                    decisions: Vec::new(),
                };
                self.cast.opened(&name, Known::Console(session));
                came
            }
        }
    }

    pub(super) fn switch_role(
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
            Who::Known(name) => self.cast.session(name).cloned(),
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

    pub(super) fn session_token(
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

    pub(super) fn assume_root(&mut self, root: &file::AssumeRoot) -> Came {
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

    pub(super) fn federation_token(&mut self, token: &FederationToken) -> Came {
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

fn web_identity(role: &RoleArn, assume: &Assume, identity: &WebIdentity) -> AssumeRoleWithWebIdentity {
    let mut token = WebIdentityToken::new(&identity.issuer, &identity.subject, &identity.audience);
    if let Some(party) = &identity.authorized_party {
        token = token.authorized_party(party);
    }
    for (name, entry) in &identity.claims {
        token = match entry {
            // The reader takes no null here.
            ContextEntry::Absent => token,
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

impl Assume {
    /// Who asks, as the file names it, and the operation.
    pub(super) fn operation(&self) -> (&String, &'static str) {
        match &self.door {
            Door::Role(call) => (&call.caller.written, "sts:AssumeRole"),
            Door::WebIdentity(identity) => (&identity.subject, "sts:AssumeRoleWithWebIdentity"),
            Door::Saml(assertion) => (&assertion.subject, "sts:AssumeRoleWithSAML"),
        }
    }
}

/// The tags of a token or assertion, each with whether it is transitive.
fn tags(tags: &SessionTags) -> impl Iterator<Item = (&str, &str, bool)> {
    tags.tags.iter().map(|(key, value)| {
        let is_transitive = tags.transitive.iter().any(|transitive| transitive.value == key.value);
        (key.value.as_str(), value.value.as_str(), is_transitive)
    })
}
