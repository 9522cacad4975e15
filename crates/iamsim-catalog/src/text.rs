//! The catalog as text: one fact a line, so that a refresh of the data can be reviewed.
//!
//! Fields are separated by tabs, the items of a list by commas; lines that are empty or begin with `#` say
//! nothing. Everything is sorted and every name that is referred to is defined, so that one state of the
//! world has one text. The first field says what a line is:
//!
//! | first field | further fields |
//! |---|---|
//! | `source` | registry, package, version, licence, author, date of the data, file, SHA-256, what was taken |
//! | `global` | a global condition key, its type |
//! | `principal` | the name of a service principal |
//! | `service` | prefix, name, and how it stands to resource control policies: `announced`, `listed` or nothing |
//! | `key` | a condition key of the service above, its type |
//! | `type` | a resource type of the service above, its ARN format (several with `, ` between them), its condition keys |
//! | `action` | an action of the service above, access levels, condition keys, dependent actions |
//! | `on` | a resource type of the action above, `required` or nothing, condition keys of the pair |
//! | `asks` | what the action above is asked with although it has no resource types |

use std::collections::BTreeSet;

use crate::entry::{AccessLevel, FORMAT_SEPARATOR, KeyType, ResourceControl};

/// What was read.
#[derive(Debug, Default)]
pub(crate) struct Text<'t> {
    pub(crate) sources: Vec<[&'t str; SOURCE_FIELDS]>,
    pub(crate) globals: Vec<Key<'t>>,
    pub(crate) principals: Vec<&'t str>,
    pub(crate) services: Vec<Service<'t>>,
}

/// The fields of a `source` line.
pub(crate) const SOURCE_FIELDS: usize = 9;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Key<'t> {
    pub(crate) name: &'t str,
    pub(crate) kind: KeyType,
}

#[derive(Debug)]
pub(crate) struct Service<'t> {
    pub(crate) prefix: &'t str,
    pub(crate) name: &'t str,
    pub(crate) control: ResourceControl,
    pub(crate) keys: Vec<Key<'t>>,
    pub(crate) types: Vec<Type<'t>>,
    pub(crate) actions: Vec<Action<'t>>,
}

#[derive(Debug)]
pub(crate) struct Type<'t> {
    pub(crate) name: &'t str,
    pub(crate) format: &'t str,
    pub(crate) keys: Vec<&'t str>,
}

#[derive(Debug)]
pub(crate) struct Action<'t> {
    pub(crate) name: &'t str,
    pub(crate) levels: Vec<AccessLevel>,
    pub(crate) keys: Vec<&'t str>,
    pub(crate) dependents: Vec<&'t str>,
    pub(crate) links: Vec<Link<'t>>,
    pub(crate) asks: Option<&'t str>,
    /// For messages about what the line refers to.
    pub(crate) line: usize,
}

#[derive(Debug)]
pub(crate) struct Link<'t> {
    pub(crate) name: &'t str,
    pub(crate) required: bool,
    pub(crate) keys: Vec<&'t str>,
}

/// A catalog's text that can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct TextError {
    line: usize,
    message: Box<str>,
}

impl TextError {
    pub(crate) fn new(line: usize, message: impl Into<Box<str>>) -> Self {
        Self { line, message: message.into() }
    }

    /// The line, counted from 1.
    pub fn line(&self) -> usize {
        self.line
    }
}

/// Reads a catalog's text, and holds every line to the rules above.
pub(crate) fn parse(text: &str) -> Result<Text<'_>, TextError> {
    let mut read = Text::default();
    for (index, line) in text.lines().enumerate() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        Line { number: index + 1, fields: line.split('\t').collect() }.read(&mut read)?;
    }
    if read.services.is_empty() {
        return Err(TextError::new(text.lines().count(), "the text defines no service"));
    }
    resolve(&read)?;
    Ok(read)
}

struct Line<'t> {
    number: usize,
    fields: Vec<&'t str>,
}

impl<'t> Line<'t> {
    fn error(&self, message: impl Into<Box<str>>) -> TextError {
        TextError::new(self.number, message)
    }

    fn field(&self, index: usize) -> &'t str {
        self.fields.get(index).copied().unwrap_or_default()
    }

    fn named(&self) -> Result<&'t str, TextError> {
        let name = self.field(1);
        if name.is_empty() { Err(self.error("a name is missing")) } else { Ok(name) }
    }

    fn list(&self, index: usize) -> Vec<&'t str> {
        self.field(index).split(',').filter(|item| !item.is_empty()).collect()
    }

    fn read(&self, text: &mut Text<'t>) -> Result<(), TextError> {
        let name = self.named()?;
        let most = match self.field(0) {
            "source" => SOURCE_FIELDS + 1,
            "action" => 5,
            "service" | "type" | "on" => 4,
            "global" | "key" => 3,
            _ => 2,
        };
        if self.fields.len() > most {
            return Err(self.error(format!("a `{}` line has at most {most} fields", self.field(0))));
        }
        match self.field(0) {
            "source" => {
                let mut fields = [""; SOURCE_FIELDS];
                for (index, field) in fields.iter_mut().enumerate() {
                    *field = self.field(index + 1);
                }
                text.sources.push(fields);
                Ok(())
            }
            "global" => self.push(&mut text.globals, self.key(name)?, |key| key.name),
            "principal" => self.push(&mut text.principals, name, |name| name),
            "service" => {
                let control = match self.field(3) {
                    "" => ResourceControl::None,
                    "listed" => ResourceControl::Listed,
                    "announced" => ResourceControl::Announced,
                    other => return Err(self.error(format!("`{other}` is neither `announced` nor `listed`"))),
                };
                let service = Service {
                    prefix: name,
                    name: self.field(2),
                    control,
                    keys: Vec::new(),
                    types: Vec::new(),
                    actions: Vec::new(),
                };
                if name.contains(|c: char| c.is_ascii_uppercase() || c == ':') {
                    return Err(self.error(format!("`{name}` is not the prefix of a service")));
                }
                self.push(&mut text.services, service, |service| service.prefix)
            }
            other => {
                let missing = || self.error(format!("`{other}` stands before the first `service`"));
                self.of_service(text.services.last_mut().ok_or_else(missing)?, name)
            }
        }
    }

    fn of_service(&self, service: &mut Service<'t>, name: &'t str) -> Result<(), TextError> {
        match self.field(0) {
            "key" => self.push(&mut service.keys, self.key(name)?, |key| key.name),
            "type" => {
                let format = self.field(2);
                for one in format.split(FORMAT_SEPARATOR) {
                    if !one.starts_with("arn:") || one.split(':').count() < 6 {
                        return Err(self.error(format!("`{one}` is not an ARN format")));
                    }
                    // Look-ups by ARN go by the service in it.
                    if one.split(':').nth(2) != format.split(':').nth(2) {
                        return Err(
                            self.error(format!("`{one}` is of another service than the first format"))
                        );
                    }
                }
                self.placeholders(format)?;
                let resource_type = Type { name, format, keys: self.list(3) };
                self.push(&mut service.types, resource_type, |resource_type| resource_type.name)
            }
            "action" => {
                let mut levels = Vec::new();
                for level in self.list(2) {
                    let unknown = || self.error(format!("`{level}` is not an access level"));
                    levels.push(AccessLevel::parse(level).ok_or_else(unknown)?);
                }
                if levels.is_empty() {
                    return Err(self.error("an action has an access level"));
                }
                let action = Action {
                    name,
                    levels,
                    keys: self.list(3),
                    dependents: self.list(4),
                    links: Vec::new(),
                    asks: None,
                    line: self.number,
                };
                self.push(&mut service.actions, action, |action| action.name)
            }
            kind @ ("on" | "asks") => {
                let missing = || self.error(format!("`{kind}` stands before the first `action`"));
                let action = service.actions.last_mut().ok_or_else(missing)?;
                if kind == "asks" {
                    self.placeholders(name)?;
                    action.asks = Some(name);
                    return Ok(());
                }
                let required = match self.field(2) {
                    "" => false,
                    "required" => true,
                    other => return Err(self.error(format!("`{other}` is not `required`"))),
                };
                let link = Link { name, required, keys: self.list(3) };
                self.push(&mut action.links, link, |link| link.name)
            }
            other => Err(self.error(format!("`{other}` is not the beginning of a line"))),
        }
    }

    /// Appends what must come after everything already there.
    fn push<T>(&self, list: &mut Vec<T>, item: T, name: impl Fn(&T) -> &str) -> Result<(), TextError> {
        if let Some(last) = list.last() {
            let (before, after) = (name(last).to_ascii_lowercase(), name(&item).to_ascii_lowercase());
            if before == after {
                return Err(self.error(format!("`{}` is there twice", name(&item))));
            }
            if before > after {
                return Err(self.error(format!("`{}` comes before `{}`", name(&item), name(last))));
            }
        }
        list.push(item);
        Ok(())
    }

    fn key(&self, name: &'t str) -> Result<Key<'t>, TextError> {
        self.placeholders(name)?;
        let kind = KeyType::parse(self.field(2));
        let unknown = || self.error(format!("`{}` is not the type of a condition key", self.field(2)));
        Ok(Key { name, kind: kind.ok_or_else(unknown)? })
    }

    /// A placeholder is `${Name}`; the sources' other notations were made into it.
    fn placeholders(&self, text: &str) -> Result<(), TextError> {
        let odd = || self.error(format!("`{text}` holds a placeholder that is not `${{Name}}`"));
        if text.contains(['<', '>']) || text.ends_with("/tag-key") {
            return Err(odd());
        }
        let mut rest = text;
        while let Some((_, after)) = rest.split_once('$') {
            let name = after.strip_prefix('{').and_then(|after| after.split_once('}'));
            let (name, after) = name.ok_or_else(odd)?;
            if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric()) {
                return Err(odd());
            }
            rest = after;
        }
        Ok(())
    }
}

/// Every key, resource type and dependent action that is referred to must be defined.
fn resolve(text: &Text<'_>) -> Result<(), TextError> {
    let actions: BTreeSet<String> = text
        .services
        .iter()
        .flat_map(|service| service.actions.iter().map(|action| full_name(service.prefix, action.name)))
        .collect();
    for service in &text.services {
        let has_key = |key: &&str| service.keys.iter().any(|known| known.name.eq_ignore_ascii_case(key));
        let line = |action: Option<&Action<'_>>| action.map_or(0, |action| action.line);
        let dangling = |what: &str, name: &str, at: usize| {
            TextError::new(
                at,
                format!("`{}` refers to the {what} `{name}`, which is not there", service.prefix),
            )
        };
        let first = line(service.actions.first());
        for resource_type in &service.types {
            if let Some(key) = resource_type.keys.iter().find(|key| !has_key(key)) {
                return Err(dangling("condition key", key, first));
            }
        }
        for action in &service.actions {
            let linked = action.links.iter().flat_map(|link| &link.keys);
            if let Some(key) = action.keys.iter().chain(linked).find(|key| !has_key(key)) {
                return Err(dangling("condition key", key, action.line));
            }
            let has_type = |link: &&Link<'_>| service.types.iter().any(|known| known.name == link.name);
            if let Some(link) = action.links.iter().find(|link| !has_type(link)) {
                return Err(dangling("resource type", link.name, action.line));
            }
            let is_action = |name: &&&str| actions.contains(&name.to_ascii_lowercase());
            if let Some(name) = action.dependents.iter().find(|name| !is_action(name)) {
                return Err(dangling("dependent action", name, action.line));
            }
        }
    }
    Ok(())
}

/// `service:name` in lower case.
pub(crate) fn full_name(prefix: &str, name: &str) -> String {
    format!("{prefix}:{}", name.to_ascii_lowercase())
}
