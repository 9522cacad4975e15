//! The shape of STS arguments: every broken constraint in one error, with the value echoed (VAL-37, VAL-38).

use iamsim_model::ModelError;

use crate::Result;

#[derive(Debug, Default)]
pub(crate) struct Arguments {
    violations: Vec<String>,
}

impl Arguments {
    fn report(&mut self, param: &str, value: &str, phrase: &str) {
        self.violations.push(format!("Value '{value}' at '{param}' failed to satisfy constraint: {phrase}"));
    }

    pub(crate) fn length(&mut self, param: &str, value: &str, shortest: usize, longest: usize) {
        let length = value.chars().count();
        if length < shortest {
            let phrase = format!("Member must have length greater than or equal to {shortest}");
            self.report(param, value, &phrase);
        } else if length > longest {
            let phrase = format!("Member must have length less than or equal to {longest}");
            self.report(param, value, &phrase);
        }
    }

    /// Letters that `\w` and `extra` allow; `pattern` is how AWS writes it.
    pub(crate) fn letters(&mut self, param: &str, value: &str, extra: &str, pattern: &str) {
        let legal = |char: char| char.is_ascii_alphanumeric() || char == '_' || extra.contains(char);
        if !value.chars().all(legal) {
            let phrase = format!("Member must satisfy regular expression pattern: {pattern}");
            self.report(param, value, &phrase);
        }
    }

    pub(crate) fn range(&mut self, param: &str, value: i64, least: i64, most: i64) {
        if value < least {
            let phrase = format!("Member must have value greater than or equal to {least}");
            self.report(param, &value.to_string(), &phrase);
        } else if value > most {
            let phrase = format!("Member must have value less than or equal to {most}");
            self.report(param, &value.to_string(), &phrase);
        }
    }

    /// STS-22.
    pub(crate) fn session_name(&mut self, param: &str, name: &str) {
        self.length(param, name, 2, 64);
        self.letters(param, name, "+=,.@-", r"[\w+=,.@-]*");
    }

    /// STS-44.
    pub(crate) fn source_identity(&mut self, identity: &str) {
        self.length("sourceIdentity", identity, 2, 64);
        self.letters("sourceIdentity", identity, "+=,.@-", r"[\w+=,.@-]*");
    }

    /// STS-29.
    pub(crate) fn mfa(&mut self, serial: Option<&str>, code: Option<&str>) {
        if let Some(serial) = serial {
            self.length("serialNumber", serial, 9, 256);
            self.letters("serialNumber", serial, "+=/:,.@-", r"[\w+=/:,.@-]*");
        }
        if let Some(code) = code {
            self.length("tokenCode", code, 6, 6);
            if !code.bytes().all(|byte| byte.is_ascii_digit()) {
                self.report("tokenCode", code, r"Member must satisfy regular expression pattern: [\d]*");
            }
        }
    }

    /// Session tags: how many, and the shape of each (STS-39).
    pub(crate) fn tags<'t>(&mut self, tags: impl ExactSizeIterator<Item = (&'t str, &'t str)>) {
        if tags.len() > 50 {
            self.violations.push(
                "Value at 'tags' failed to satisfy constraint: Member must have length less than or equal to 50"
                    .into(),
            );
        }
        for (index, (key, value)) in tags.enumerate() {
            if let Err(error) = iamsim_model::check_tag(index + 1, key, value) {
                let message = error.message();
                self.violations.push(message.split_once(": ").map_or(message, |(_, rest)| rest).to_owned());
            }
        }
    }

    /// Session policies: the plain text of all together (STS-33, STS-34).
    pub(crate) fn session_policies(&mut self, policy: Option<&str>, arns: &[String]) {
        if let Some(text) = policy {
            self.length("policy", text, 1, 2048);
        }
        if arns.len() > 10 {
            self.violations.push(
                "Value at 'policyArns' failed to satisfy constraint: Member must have length less than or equal \
                 to 10"
                    .into(),
            );
        }
        for (index, arn) in arns.iter().enumerate() {
            self.length(&format!("policyArns.{}.member.arn", index + 1), arn, 20, 2048);
        }
    }

    /// ProvidedContexts: provider and assertion of each (STS-46).
    pub(crate) fn provided_contexts<'t>(
        &mut self,
        contexts: impl ExactSizeIterator<Item = (&'t str, String)>,
        most: usize,
    ) {
        if contexts.len() > most {
            self.violations.push(format!(
                "Value at 'providedContexts' failed to satisfy constraint: Member must have length less than or \
                 equal to {most}"
            ));
        }
        for (index, (provider, assertion)) in contexts.enumerate() {
            let member = format!("providedContexts.{}.member", index + 1);
            self.length(&format!("{member}.providerArn"), provider, 20, 2048);
            self.length(&format!("{member}.contextAssertion"), &assertion, 4, 2048);
        }
    }

    pub(crate) fn finish(self) -> Result {
        if self.violations.is_empty() {
            return Ok(());
        }
        Err(ModelError::constraints(&self.violations).into())
    }
}

/// The shape of a session's name (STS-22).
pub(crate) fn check_session_name(name: &str) -> Result {
    let mut arguments = Arguments::default();
    arguments.session_name("roleSessionName", name);
    arguments.finish()
}
