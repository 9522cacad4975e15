//! From JSON to the steps of a scenario.

mod ask;
mod expect;

pub(crate) use ask::matching;

use chrono::{DateTime, Datelike as _, Utc};
use iamsim_policy::json::{Node, Value};
use iamsim_policy::suggest::nearest;
use iamsim_policy::{PolicyKind, Spanned};

use crate::file::{
    Act, Assume, AssumeRole, AssumeRoot, Behalf, Body, Caller, Change, Code as MfaCodeSent, ContextEntry,
    Deletable, Doomed, Door, FederationToken, Link, Mfa, Saml, SessionTags, Step, WebIdentity,
};
use crate::finding::Code;
use crate::format::{
    ACCOUNT, GROUP, MFA_CODE, Object, RESOURCE, ROLE, SAML, STEPS, SWITCH_LINK, Shape, USER, WEB_IDENTITY,
};
use crate::names::{Kind, Names, Who};
use crate::read::{Reading, value, values};
use crate::reader::{Fields, Reader, Text, listed};

/// When stories begin unless they say something else: where `iamsim::Cloud` begins.
pub(crate) const DEFAULT_NOW: &str = "2030-01-01T09:00:00Z";

/// No clock runs past this year.
const LAST_YEAR: i32 = 9999;

/// Fields of a signed call: with a token or an assertion nobody signs.
const SIGNED_ONLY: [&str; 10] = [
    "as",
    "externalId",
    "mfa",
    "tags",
    "transitiveTags",
    "sourceIdentity",
    "providedContext",
    "onBehalfOf",
    "sourceAccount",
    "context",
];

/// What the fields of every step are read with.
#[derive(Clone, Copy)]
struct Here<'h> {
    names: &'h Names,
    /// The step's number, from 0.
    index: usize,
    /// Whether the step expects an error, so that AWS is asked about policies that have findings.
    refusable: bool,
}

impl Reader<'_, '_> {
    pub(crate) fn steps(
        &mut self,
        node: Option<&Node<'_>>,
        names: &Names,
        now: Option<DateTime<Utc>>,
    ) -> Vec<Step> {
        let mut now = now.or_else(|| crate::time::instant(DEFAULT_NOW));
        let mut steps = Vec::new();
        for (index, node) in self.list(node, "`steps`").iter().enumerate() {
            let Some(step) = self.step(node, names, index) else { continue };
            self.check_clock(&step, &mut now);
            steps.push(step);
        }
        steps
    }

    /// The clock of a story is known before it is run: it may only move forward, and not past the years that
    /// AWS's form of an instant can write.
    fn check_clock(&mut self, step: &Step, now: &mut Option<DateTime<Utc>>) {
        let Some(before) = *now else { return };
        let later = match step.act {
            Act::Wait(length) => before.checked_add_signed(length),
            Act::At(instant) => Some(instant),
            _ => return,
        };
        match later {
            Some(later) if later < before => self.error_with_help(
                Code::InvalidTime,
                step.span,
                format!("the clock would run backwards: it is {} here", crate::time::stamp(before)),
                "time only moves forward; begin the story earlier with `now`",
            ),
            Some(later) if later.year() <= LAST_YEAR => {}
            _ => self.error_with_help(
                Code::InvalidTime,
                step.span,
                format!("the clock would run past the year {LAST_YEAR}"),
                "that is the last year that AWS's form of an instant can write",
            ),
        }
        *now = later.filter(|later| later.year() <= LAST_YEAR);
    }

    fn step(&mut self, node: &Node<'_>, names: &Names, index: usize) -> Option<Step> {
        let object = self.step_object(node)?;
        let fields = self.object(node, object)?;
        let name = self.some_text(fields.get("name"), "`name`").map(value);
        let labels = values(self.texts(fields.get("labels"), "`labels`"));
        let skip = self.some_text(fields.get("skip"), "`skip`").map(value);
        let only = if fields.has_field("only") { fields.get("only") } else { None };
        let only = self.flag(only, "`only`").unwrap_or_default();
        let expect_node = if fields.has_field("expect") { fields.get("expect") } else { None };
        let is_comparison = ["compare", "whatIf"].contains(&object.id);
        let expect = match expect_node {
            Some(node) if !is_comparison => self.expectation(node, object),
            _ => None,
        };
        let refusable = expect.as_ref().is_some_and(|expect| expect.error().is_some());
        let here = Here { names, index, refusable };
        let act = match object.id {
            "do" => Act::Ask(Box::new(self.ask(&fields, here)?)),
            "assume" => Act::Assume(Box::new(self.assume(&fields, here)?)),
            "signIn" => self.sign_in(&fields, here)?,
            "switchRole" => self.switch_role(&fields, here)?,
            "getSessionToken" => self.get_session_token(&fields, here)?,
            "getFederationToken" => Act::FederationToken(Box::new(self.federation_token(&fields, here)?)),
            "assumeRoot" => Act::AssumeRoot(Box::new(self.assume_root(&fields, here)?)),
            "wait" => Act::Wait(self.duration(fields.get("wait"), "`wait`")?),
            "at" => Act::At(self.instant(fields.get("at"), "`at`")?),
            "remember" => Act::Remember(self.some_text(fields.get("remember"), "`remember`")?.value),
            "compare" | "whatIf" => self.compare(&fields, here)?,
            _ => self.edit(&fields, here, object)?,
        };
        let expect_span = expect_node.map(|node| node.span);
        Some(Step { span: node.span, expect_span, name, labels, only, skip, act, expect })
    }

    /// A change of the world, a deletion or a renaming.
    fn edit(&mut self, fields: &Fields<'_, '_>, here: Here<'_>, object: &Object) -> Option<Act> {
        match object.id {
            "change" => Some(Act::Change(Box::new(self.change(fields, here)?))),
            "delete" => {
                let text = self.some_text(fields.get("delete"), "`delete`")?;
                Some(Act::Delete(self.deletable(&text, here.names)?))
            }
            _ => {
                let text = self.some_text(fields.get("rename"), "`rename`")?;
                let to = self.some_text(fields.get("to"), "`to`")?.value;
                let kinds = [Kind::User, Kind::Group];
                let entity = self.resolved(text.span, here.names.entity(&text.value, &kinds))?;
                Some(Act::Rename { entity, written: text.value, to })
            }
        }
    }

    fn get_session_token(&mut self, fields: &Fields<'_, '_>, here: Here<'_>) -> Option<Act> {
        let becomes = self.some_text(fields.get("getSessionToken"), "the name of a session")?;
        self.check_session_name(&becomes, "getSessionToken", here);
        Some(Act::SessionToken {
            caller: self.caller(fields, here)?,
            mfa: self.whole_mfa(fields),
            duration: self.duration(fields.get("for"), "`for`"),
            becomes: becomes.value,
        })
    }

    /// A step is known by the one field that says what happens.
    fn step_object(&mut self, node: &Node<'_>) -> Option<&'static Object> {
        let Value::Object(members) = &node.value else {
            self.wrong_type(node, "a step", "an object");
            return None;
        };
        let objects = STEPS.iter().filter_map(|shape| match shape {
            Shape::Object(object) => Some(*object),
            _ => None,
        });
        let said = objects
            .clone()
            .filter_map(|object| Some((object, members.iter().find(|member| member.key == object.id)?)));
        // A comparison asks too, and is a comparison.
        let said: Vec<(&Object, _)> = said
            .clone()
            .filter(|(object, _)| {
                !said.clone().any(|(other, _)| other.id != object.id && other.field(object.id).is_some())
            })
            .collect();
        match said.as_slice() {
            [(object, _)] => Some(object),
            [] => {
                let unknown = |key: &str| objects.clone().all(|object| object.field(key).is_none());
                let misspelt = members.iter().filter(|member| unknown(&member.key)).find_map(|member| {
                    nearest(&member.key, objects.clone().map(|object| object.id)).map(|word| (member, word))
                });
                let (span, help) = if let Some((member, word)) = misspelt {
                    (member.key_span, format!("did you mean `{word}`?"))
                } else {
                    let words = listed(objects.map(|object| object.id));
                    (node.span, format!("a step has one of the fields {words}"))
                };
                self.error_with_help(Code::UnknownStep, span, "this step does not say what happens", help);
                None
            }
            [(first, _), (second, member), ..] => {
                self.error_with_help(
                    Code::ConflictingFields,
                    member.key_span,
                    format!("`{}` and `{}` are two steps in one", first.id, second.id),
                    "make two steps of it",
                );
                None
            }
        }
    }

    fn who(&mut self, text: &Text, here: Here<'_>) -> Option<Caller> {
        let who = self.resolved(text.span, here.names.who(&text.value, here.index))?;
        if let Who::User(entity) | Who::SessionOf { role: entity, .. } = &who
            && !here.names.describes(entity.account)
        {
            return None;
        }
        Some(Caller { who, written: text.value.clone() })
    }

    fn caller(&mut self, fields: &Fields<'_, '_>, here: Here<'_>) -> Option<Caller> {
        let text = self.text(fields.get("as"), "`as`")?;
        self.who(&text, here)
    }

    fn behalf(&mut self, fields: &Fields<'_, '_>, here: Here<'_>) -> Behalf {
        let source_arn = self.text(fields.get("onBehalfOf"), "`onBehalfOf`");
        let source_arn =
            source_arn.and_then(|text| self.resolved(text.span, here.names.resource(&text.value)));
        let account = self.text(fields.get("sourceAccount"), "`sourceAccount`");
        let account = account.and_then(|text| self.account_of(&text, here.names));
        Behalf { source_arn, source_account: account.map(|id| id.to_string()) }
    }

    /// The name later steps use, where the step gives one.
    fn becomes(&mut self, fields: &Fields<'_, '_>, here: Here<'_>) -> Option<String> {
        let text = self.some_text(fields.get("becomes"), "`becomes`")?;
        self.check_session_name(&text, "becomes", here);
        Some(text.value)
    }

    fn check_session_name(&mut self, text: &Text, field: &str, here: Here<'_>) {
        if here.names.is_user(&text.value) && !here.refusable {
            let help = match field {
                "becomes" => "choose another name",
                _ => "give the session another name for later steps, with `becomes`",
            };
            self.error_with_help(
                Code::AmbiguousName,
                text.span,
                format!("`{}` is the name of a user already", text.value),
                help,
            );
        }
    }

    fn assume(&mut self, fields: &Fields<'_, '_>, here: Here<'_>) -> Option<Assume> {
        let names = here.names;
        let role = self.some_text(fields.get("assume"), "`assume`")?;
        let arn = self.resolved(role.span, names.role_arn(&role.value));
        if let Some(arn) = &arn
            && !here.refusable
        {
            self.role_arn_shape(arn, &role);
        }
        let becomes = self.becomes(fields, here);
        let session = self.some_text(fields.get("session"), "`session`");
        if fields.get("session").is_none() {
            self.error_with_help(
                Code::MissingField,
                fields.key_span("assume"),
                "an assumption of a role needs the field `session`",
                "it is the role session name, for example the user's or the build's",
            );
        }
        if let (Some(session), None) = (&session, &becomes) {
            self.check_session_name(session, "session", here);
        }
        let duration = self.duration(fields.get("for"), "`for`");
        let policy = self.session_policy(fields, here);
        let account = arn.as_deref().and_then(|arn| arn.split(':').nth(4)).and_then(|id| id.parse().ok());
        let policy_arns = self.policy_arns(account, fields.get("policyArns"), "`policyArns`", names);
        let door = self.door(fields, account, here);
        let session = session?.value;
        Some(Assume {
            door: door?,
            role: arn?,
            written: role.value,
            becomes: becomes.unwrap_or_else(|| session.clone()),
            session,
            duration,
            policy,
            policy_arns,
        })
    }

    fn role_arn_shape(&mut self, arn: &str, written: &Text) {
        let is_role = arn.parse::<iamsim_policy::Arn>().is_ok_and(|arn| {
            arn.service() == "iam" && arn.account().is_some() && arn.resource().starts_with("role/")
        });
        if !is_role {
            self.error_with_help(
                Code::InvalidArn,
                written.span,
                format!("`{arn}` is not the ARN of a role"),
                "it is `arn:aws:iam::111122223333:role/path/name`; to see AWS refuse another text, expect the error",
            );
        }
    }

    fn door(
        &mut self,
        fields: &Fields<'_, '_>,
        account: Option<iamsim_policy::AccountId>,
        here: Here<'_>,
    ) -> Option<Door> {
        let federated = ["webIdentity", "saml"].into_iter().filter(|name| fields.get(name).is_some());
        let Some(form) = federated.clone().next() else {
            return self.assume_role_door(fields, here);
        };
        if federated.count() > 1 {
            self.error_with_help(
                Code::ConflictingFields,
                fields.key_span("saml"),
                "`webIdentity` and `saml` exclude each other",
                "a role is assumed with one of them",
            );
        }
        for name in SIGNED_ONLY {
            if fields.get(name).is_some() {
                let help = match name {
                    "as" => "nobody signs this call: the token or assertion says who it is".to_owned(),
                    "tags" | "transitiveTags" | "sourceIdentity" => format!("it comes in `{form}`"),
                    _ => "this form of the call does not take it".to_owned(),
                };
                let message = format!("`{name}` does not go with `{form}`");
                self.error_with_help(Code::ConflictingFields, fields.key_span(name), message, help);
            }
        }
        if form == "webIdentity" {
            let token = self.web_identity(fields.get("webIdentity")?)?;
            return Some(Door::WebIdentity(Box::new(token)));
        }
        let assertion = self.saml(fields.get("saml")?, account, here)?;
        Some(Door::Saml(Box::new(assertion)))
    }

    fn assume_role_door(&mut self, fields: &Fields<'_, '_>, here: Here<'_>) -> Option<Door> {
        if fields.get("as").is_none() {
            self.error_with_help(
                Code::MissingField,
                fields.key_span("assume"),
                "an assumption of a role needs the field `as`",
                "say who assumes the role, or give a `webIdentity` or `saml`",
            );
        }
        let context = self.context(fields.get("context"));
        let absent = values(self.texts(fields.get("absent"), "`absent`"));
        let tags = self.session_tags(fields);
        let provided = self.text_map(fields.get("providedContext"), "`providedContext`");
        let behalf = self.behalf(fields, here);
        let external_id = self.text(fields.get("externalId"), "`externalId`").map(value);
        let mfa = self.mfa(fields);
        let caller = self.caller(fields, here)?;
        let call = AssumeRole { caller, external_id, mfa, tags, provided, context, absent, behalf };
        Some(Door::Role(Box::new(call)))
    }

    fn session_tags(&mut self, fields: &Fields<'_, '_>) -> SessionTags {
        SessionTags {
            tags: self.tags(fields.get("tags")).unwrap_or_default(),
            transitive: self.texts(fields.get("transitiveTags"), "`transitiveTags`"),
            source_identity: self.text(fields.get("sourceIdentity"), "`sourceIdentity`").map(value),
        }
    }

    fn session_policy(&mut self, fields: &Fields<'_, '_>, here: Here<'_>) -> Option<crate::reader::Document> {
        self.document(PolicyKind::Session, fields.get("policy")?, here.refusable)
    }

    fn web_identity(&mut self, node: &Node<'_>) -> Option<WebIdentity> {
        let fields = self.object(node, &WEB_IDENTITY)?;
        let mut claims = Vec::new();
        for member in self.map(fields.get("claims"), "`claims`") {
            match self.context_entry(&member.value, &member.key) {
                Some(ContextEntry::Absent) => {
                    self.wrong_type(
                        &member.value,
                        &format!("the claim `{}`", member.key),
                        "a text or an array",
                    );
                }
                Some(entry) => claims.push((member.key.clone().into_owned(), entry)),
                None => {}
            }
        }
        let issuer = self.some_text(fields.get("issuer"), "`issuer`");
        let subject = self.text(fields.get("subject"), "`subject`");
        let audience = self.text(fields.get("audience"), "`audience`");
        Some(WebIdentity {
            authorized_party: self.text(fields.get("authorizedParty"), "`authorizedParty`").map(value),
            tags: self.session_tags(&fields),
            issued_at: self.instant(fields.get("issuedAt"), "`issuedAt`"),
            expires_at: self.instant(fields.get("expiresAt"), "`expiresAt`"),
            claims,
            issuer: issuer?.value,
            subject: subject?.value,
            audience: audience?.value,
        })
    }

    fn saml(
        &mut self,
        node: &Node<'_>,
        account: Option<iamsim_policy::AccountId>,
        here: Here<'_>,
    ) -> Option<Saml> {
        let fields = self.object(node, &SAML)?;
        let provider = self.some_text(fields.get("provider"), "`provider`").map(value);
        let provider = provider.map(|written| {
            let expanded = here.names.expand(&written);
            match account {
                Some(account) if !expanded.starts_with("arn:") => {
                    format!("arn:{}:iam::{account}:saml-provider/{expanded}", here.names.partition)
                }
                _ => expanded.to_owned(),
            }
        });
        let role = self.text(fields.get("role"), "`role`");
        let role = role.and_then(|text| self.resolved(text.span, here.names.role_arn(&text.value)));
        let subject = self.text(fields.get("subject"), "`subject`");
        Some(Saml {
            role,
            attributes: self.text_map(fields.get("attributes"), "`attributes`"),
            recipient: self.text(fields.get("recipient"), "`recipient`").map(value),
            subject_type: self.text(fields.get("subjectType"), "`subjectType`").map(value),
            tags: self.session_tags(&fields),
            issued_at: self.instant(fields.get("issuedAt"), "`issuedAt`"),
            session_not_on_or_after: self.instant(fields.get("sessionNotOnOrAfter"), "`sessionNotOnOrAfter`"),
            provider: provider?,
            subject: subject?.value,
        })
    }

    fn mfa(&mut self, fields: &Fields<'_, '_>) -> Option<Mfa> {
        let node = fields.get("mfa")?;
        if let Value::String(device) = &node.value {
            return Some(Mfa { device: Some(device.clone().into_owned()), code: MfaCodeSent::Shown });
        }
        if !matches!(node.value, Value::Object(_)) {
            self.wrong_type(node, "`mfa`", "the name of a device, or an object with `device` and `code`");
            return None;
        }
        let fields = self.object(node, &MFA_CODE)?;
        let mut text = |name: &'static str| match fields.get(name) {
            Some(Node { value: Value::Null, .. }) | None => None,
            node => self.text(node, &format!("`{name}`")).map(value),
        };
        let device = text("device");
        let code = match (fields.get("code"), text("code")) {
            (_, Some(code)) => MfaCodeSent::Given(code),
            (Some(_), None) => MfaCodeSent::NotSent,
            (None, None) => MfaCodeSent::Shown,
        };
        if device.is_none() && matches!(code, MfaCodeSent::Shown) {
            self.error_with_help(
                Code::MissingField,
                node.span,
                "an MFA code needs the field `device`",
                "name the caller's device, or give a `code` with `\"device\": null`",
            );
            return None;
        }
        Some(Mfa { device, code })
    }

    /// A device and a code, for calls that can't be made with one of them.
    fn whole_mfa(&mut self, fields: &Fields<'_, '_>) -> Option<Mfa> {
        let mfa = self.mfa(fields)?;
        if mfa.device.is_none() || matches!(mfa.code, MfaCodeSent::NotSent) {
            self.error_with_help(
                Code::ConflictingFields,
                fields.key_span("mfa"),
                "this step takes an MFA device together with its code",
                "only AssumeRole can be called with one of the two, to see AWS refuse it",
            );
            return None;
        }
        Some(mfa)
    }

    fn federation_token(&mut self, fields: &Fields<'_, '_>, here: Here<'_>) -> Option<FederationToken> {
        let name = self.some_text(fields.get("getFederationToken"), "`getFederationToken`")?;
        let becomes = self.becomes(fields, here);
        if becomes.is_none() {
            self.check_session_name(&name, "getFederationToken", here);
        }
        let caller = self.caller(fields, here)?;
        let account = match &caller.who {
            Who::User(entity) => Some(entity.account),
            _ => None,
        };
        Some(FederationToken {
            becomes: becomes.unwrap_or_else(|| name.value.clone()),
            name: name.value,
            duration: self.duration(fields.get("for"), "`for`"),
            policy: self.session_policy(fields, here),
            policy_arns: self.policy_arns(account, fields.get("policyArns"), "`policyArns`", here.names),
            tags: self.tags(fields.get("tags")).unwrap_or_default(),
            caller,
        })
    }

    fn assume_root(&mut self, fields: &Fields<'_, '_>, here: Here<'_>) -> Option<AssumeRoot> {
        let written = self.text(fields.get("assumeRoot"), "`assumeRoot`")?;
        let member = self.account_of(&written, here.names)?;
        let becomes = self.becomes(fields, here).unwrap_or_default();
        self.check_becomes(fields, "assumeRoot", here);
        let task = self.some_text(fields.get("task"), "`task`");
        let duration = self.duration(fields.get("for"), "`for`");
        let caller = self.caller(fields, here)?;
        Some(AssumeRoot { caller, member, written: written.value, task: task?.value, duration, becomes })
    }

    fn sign_in(&mut self, fields: &Fields<'_, '_>, here: Here<'_>) -> Option<Act> {
        let text = self.some_text(fields.get("signIn"), "`signIn`")?;
        let becomes = self.becomes(fields, here);
        self.check_becomes(fields, "signIn", here);
        let mfa = self.whole_mfa(fields);
        let user = self.who(&text, here)?;
        Some(Act::SignIn { user, mfa, becomes })
    }

    /// A session that has no name of its own needs one, unless the step expects that there is none.
    fn check_becomes(&mut self, fields: &Fields<'_, '_>, step: &str, here: Here<'_>) {
        if fields.get("becomes").is_none() && !here.refusable {
            self.error_with_help(
                Code::MissingField,
                fields.key_span(step),
                "this step needs the field `becomes`",
                "it is the name by which later steps know the session",
            );
        }
    }

    fn switch_role(&mut self, fields: &Fields<'_, '_>, here: Here<'_>) -> Option<Act> {
        let becomes = self.becomes(fields, here);
        self.check_becomes(fields, "switchRole", here);
        let node = fields.get("switchRole")?;
        let link = match &node.value {
            Value::String(url) => Link::Url(url.clone().into_owned()),
            Value::Object(_) => {
                let parts = self.object(node, &SWITCH_LINK)?;
                Link::Parts {
                    account: self.some_text(parts.get("account"), "`account`")?.value,
                    role: self.some_text(parts.get("role"), "`role`")?.value,
                    display_name: self.text(parts.get("displayName"), "`displayName`").map(value),
                    color: self.text(parts.get("color"), "`color`").map(value),
                }
            }
            _ => {
                self.wrong_type(node, "`switchRole`", "a link or an object");
                return None;
            }
        };
        let from = self.caller(fields, here)?;
        if !here.names.is_console(&from.written, here.index) {
            let span = fields.get("as").map_or(fields.span, |node| node.span);
            self.error_with_help(
                Code::UnknownName,
                span,
                format!("`{}` is not signed in to the console", from.written),
                "only a session of an earlier `signIn` step can switch roles",
            );
            return None;
        }
        Some(Act::SwitchRole { from, link, becomes })
    }

    fn change(&mut self, fields: &Fields<'_, '_>, here: Here<'_>) -> Option<Change> {
        let names = here.names;
        let text = self.some_text(fields.get("change"), "`change`")?;
        let reading = Reading::Change { refusable: here.refusable };
        let expanded = names.expand(&text.value);
        let (kind, body) = if expanded == "organization" {
            let body = self.organization_body(fields.span, None, fields, names, reading);
            ("organization", Body::Organization(body))
        } else if let Ok(id) = names.account(expanded) {
            ("account", Body::Account(self.account(id, fields.span, fields, names, reading)))
        } else if let Some(owner) = names.owner_of(expanded) {
            let arn = self.arn(&Spanned::new(expanded.to_owned(), text.span))?;
            let resource = self.resource(&arn, fields, names, reading);
            ("resource", Body::Resource(owner, expanded.to_owned(), resource))
        } else {
            let kinds = [Kind::User, Kind::Group, Kind::Role];
            let entity = self.resolved(text.span, names.entity(expanded, &kinds))?;
            let kind = entity.kind.word();
            (kind, Body::Identity(self.identity(entity, fields.span, fields, names, reading)))
        };
        self.check_change_fields(fields, kind);
        Some(Change { written: text.value, body })
    }

    /// A change's fields are those that the thing changed has.
    fn check_change_fields(&mut self, fields: &Fields<'_, '_>, kind: &str) {
        // What it has in the world, and what takes something away.
        let (object, also): (Option<&'static Object>, &[&str]) = match kind {
            "user" => (Some(&USER), &["detached", "leaves"]),
            "group" => (Some(&GROUP), &["detached"]),
            "role" => (Some(&ROLE), &["detached"]),
            "resource" => (Some(&RESOURCE), &[]),
            "account" => (Some(&ACCOUNT), &[]),
            _ => (None, &["root"]),
        };
        let fields_of = object.map(|object| object.fields).unwrap_or_default();
        let of_kind: Vec<&str> =
            fields_of.iter().map(|field| field.name).chain(also.iter().copied()).collect();
        let mut changes = 0;
        for (key, span) in fields.keys() {
            if ["change", "name", "labels", "only", "skip", "expect"].contains(&key) || !fields.has_field(key)
            {
                continue;
            }
            changes += 1;
            if !of_kind.contains(&key) {
                let article = if kind.starts_with(['a', 'o']) { "an" } else { "a" };
                self.error_with_help(
                    Code::UnknownField,
                    span,
                    format!("{article} {kind} has no `{key}` to change"),
                    format!("a change of {article} {kind} has {}", listed(of_kind.iter().copied())),
                );
            }
        }
        if changes == 0 {
            self.error_with_help(
                Code::MissingField,
                fields.key_span("change"),
                "this change changes nothing",
                format!("say what becomes of it: {}", listed(of_kind.iter().copied())),
            );
        }
    }

    fn deletable(&mut self, text: &Text, names: &Names) -> Option<Doomed> {
        let expanded = names.expand(&text.value);
        if let Some(owner) = names.owner_of(expanded) {
            let what = Deletable::Resource(owner, expanded.to_owned());
            return Some(Doomed { written: text.value.clone(), what });
        }
        let kinds = [Kind::User, Kind::Group, Kind::Role, Kind::Policy];
        let entity = self.resolved(text.span, names.entity(expanded, &kinds))?;
        Some(Doomed { written: text.value.clone(), what: Deletable::Entity(entity) })
    }
}
