//! An organization as files.
//!
//! The form is that of worlds, which scenarios include, since it alone holds everything: accounts, the
//! organization with its control policies, resources with theirs. (AWS's account authorization details hold one
//! account's identities and nothing else.)

use crate::corpus::quoted;
use crate::document::{OIDC_HOST, SAML_PROVIDER};
use crate::organization::{Account, Organization, Policy, Role, User};
use crate::request::Request;

/// Writes one JSON value after another, commas where they belong.
struct Json {
    text: String,
    fresh: bool,
}

impl Json {
    fn open(&mut self, bracket: char) {
        self.text.push(bracket);
        self.fresh = true;
    }

    fn close(&mut self, bracket: char) {
        self.text.push(bracket);
        self.fresh = false;
    }

    fn item(&mut self) {
        if !std::mem::replace(&mut self.fresh, false) {
            self.text.push(',');
        }
    }

    fn key(&mut self, key: &str) {
        self.item();
        quoted(key, &mut self.text);
        self.text.push(':');
    }

    fn string(&mut self, text: &str) {
        quoted(text, &mut self.text);
    }

    fn strings<'t>(&mut self, key: &str, texts: impl Iterator<Item = &'t str>) {
        let mut texts = texts.peekable();
        if texts.peek().is_none() {
            return;
        }
        self.key(key);
        self.open('[');
        for text in texts {
            self.item();
            self.string(text);
        }
        self.close(']');
    }

    /// An object of documents, which stand in it as they are.
    fn policies(&mut self, key: &str, policies: &[Policy]) {
        if policies.is_empty() {
            return;
        }
        self.key(key);
        self.open('{');
        for policy in policies {
            self.key(&policy.name);
            self.text.push_str(&policy.text);
        }
        self.close('}');
    }
}

impl Organization {
    /// The whole as one world file. A file holds 16 MiB: larger organizations are written as
    /// [`to_files`](Self::to_files).
    pub fn to_world(&self) -> String {
        let mut json = self.head();
        json.key("accounts");
        json.open('{');
        for account in &self.accounts {
            json.text.push('\n');
            json.key(&account.id);
            write_account(account, &mut json);
        }
        self.tail(json)
    }

    /// The whole as world files, with their names: `organization.json`, which includes one for each account.
    pub fn to_files(&self) -> Vec<(String, String)> {
        let name = |account: &Account| format!("accounts/{}.json", account.id);
        let mut json = self.head();
        let names: Vec<String> = self.accounts.iter().map(name).collect();
        json.strings("include", names.iter().map(String::as_str));
        json.key("accounts");
        json.open('{');
        let mut files = vec![("organization.json".to_owned(), self.tail(json))];
        for (account, name) in self.accounts.iter().zip(names) {
            let mut json = Json { text: String::new(), fresh: true };
            json.open('{');
            json.key("world");
            json.string(&format!("Account {}", account.id));
            json.key("accounts");
            json.open('{');
            json.key(&account.id);
            write_account(account, &mut json);
            json.text.push_str("}}\n");
            files.push((name, json.text));
        }
        files
    }

    fn head(&self) -> Json {
        let mut json = Json { text: String::new(), fresh: true };
        json.open('{');
        json.key("world");
        json.string(&format!("A synthetic organization of {} roles, seed {}", self.size.roles, self.seed));
        json.key("organization");
        json.open('{');
        json.key("management");
        json.string(&self.management);
        json.key("root");
        json.open('{');
        self.units_below(None, &mut json);
        json.close('}');
        json.close('}');
        json
    }

    /// The management account ends the list of accounts, and that the file.
    fn tail(&self, mut json: Json) -> String {
        json.text.push('\n');
        json.key(&self.management);
        json.text.push_str("{}}}\n");
        json.text
    }

    fn units_below(&self, above: Option<usize>, json: &mut Json) {
        let below = || self.units.iter().enumerate().filter(|(_, unit)| unit.parent == above);
        if below().next().is_none() {
            return;
        }
        json.key("units");
        json.open('{');
        for (number, unit) in below() {
            json.key(&unit.name);
            json.open('{');
            json.policies("scps", &unit.scps);
            json.policies("rcps", &unit.rcps);
            let members = self.accounts.iter().filter(|account| account.unit == number);
            json.strings("accounts", members.map(|account| account.id.as_str()));
            self.units_below(Some(number), json);
            json.close('}');
        }
        json.close('}');
    }
}

fn write_account(account: &Account, json: &mut Json) {
    json.open('{');
    json.key("oidcProviders");
    json.open('{');
    json.key(&format!("https://{OIDC_HOST}"));
    json.text.push_str("[\"sts.amazonaws.com\"]");
    json.close('}');
    json.strings("samlProviders", [SAML_PROVIDER].into_iter());
    json.policies("policies", &account.policies);
    json.key("groups");
    json.open('{');
    for (name, attached) in &account.groups {
        json.key(name);
        json.open('{');
        json.strings("attached", attached.iter().map(String::as_str));
        json.close('}');
    }
    json.close('}');
    json.key("users");
    json.open('{');
    for User { name, attached, groups } in &account.users {
        json.key(name);
        json.open('{');
        json.strings("attached", attached.iter().map(String::as_str));
        json.strings("groups", groups.iter().map(String::as_str));
        json.close('}');
    }
    json.close('}');
    json.key("roles");
    json.open('{');
    for role in &account.roles {
        json.key(&role.name);
        write_role(role, json);
    }
    json.close('}');
    json.strings("serviceLinkedRoles", account.linked.iter().map(String::as_str));
    json.key("resources");
    json.open('{');
    for resource in &account.resources {
        json.key(&resource.arn);
        json.open('{');
        json.key("tags");
        json.open('{');
        json.key("team");
        json.string(resource.team);
        json.close('}');
        if let Some(policy) = &resource.policy {
            json.key("policy");
            json.text.push_str(policy);
        }
        json.close('}');
    }
    json.close('}');
    json.close('}');
}

fn write_role(role: &Role, json: &mut Json) {
    json.open('{');
    json.key("trust");
    json.text.push_str(&role.trust);
    json.policies("policies", &role.inline);
    json.strings("attached", role.attached.iter().map(String::as_str));
    if let Some(boundary) = &role.boundary {
        json.key("boundary");
        json.string(boundary);
    }
    if !role.tags.is_empty() {
        json.key("tags");
        json.open('{');
        for (key, value) in &role.tags {
            json.key(key);
            json.string(value);
        }
        json.close('}');
    }
    json.close('}');
}

/// Requests, one a line: who asks what of what in which context, and what it was drawn as.
pub fn to_lines(requests: &[Request]) -> String {
    let mut json = Json { text: String::new(), fresh: true };
    for request in requests {
        json.open('{');
        let mut field = |key: &str, text: &str| {
            json.key(key);
            json.string(text);
        };
        field("kind", request.kind.as_str());
        field("as", &format!("arn:aws:iam::{}:role/{}", request.account, request.role));
        field("do", &request.action);
        field("on", &request.resource);
        if let Some(owner) = &request.owner {
            field("owner", owner);
        }
        json.key("context");
        json.open('{');
        for (key, value) in &request.context {
            json.key(key);
            json.string(value);
        }
        json.close('}');
        if let Some((_, policy)) = &request.session_policy {
            json.key("sessionPolicy");
            json.text.push_str(policy);
        }
        json.close('}');
        json.text.push('\n');
        json.fresh = true;
    }
    json.text
}
