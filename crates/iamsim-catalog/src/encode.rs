//! From text to bytes. A pure function: the same text gives the same bytes.

use std::collections::BTreeMap;

use crate::format::{GLOBAL, HEADER, MAGIC, REQUIRED, Section};
use crate::text::{self, Text, TextError, full_name};

/// Makes a catalog's bytes from its text.
///
/// # Errors
///
/// The first line that breaks a rule of the text, or what the layout has no room for.
pub(crate) fn encode(text: &str) -> Result<Vec<u8>, TextError> {
    let read = text::parse(text)?;
    Encoder::default().encode(&read)
}

#[derive(Default)]
struct Encoder<'t> {
    strings: BTreeMap<&'t str, usize>,
    /// By folded name and type.
    keys: BTreeMap<(String, u8), Row<'t>>,
    lists: BTreeMap<Vec<u16>, usize>,
    list_bytes: Vec<u8>,
}

struct Row<'t> {
    name: &'t str,
    global: bool,
    index: u16,
}

fn full(what: &str) -> TextError {
    TextError::new(0, format!("the layout has no room for more {what}"))
}

fn short(number: usize, what: &str) -> Result<u16, TextError> {
    u16::try_from(number).map_err(|_| full(what))
}

impl<'t> Encoder<'t> {
    fn encode(mut self, text: &Text<'t>) -> Result<Vec<u8>, TextError> {
        let pool = self.pool(text)?;
        let (key_records, patterns) = self.key_table(text)?;
        let empty = self.list(Vec::new())?;
        debug_assert_eq!(empty, 0, "a list of nothing is where zero points");
        let mut sources = Vec::new();
        for field in text.sources.iter().flatten() {
            pointer(&self.strings, &mut sources, field);
        }
        let mut principals = Vec::new();
        for principal in &text.principals {
            pointer(&self.strings, &mut principals, principal);
        }
        let action_ids: BTreeMap<String, usize> = text
            .services
            .iter()
            .flat_map(|service| service.actions.iter().map(|action| full_name(service.prefix, action.name)))
            .enumerate()
            .map(|(id, name)| (name, id))
            .collect();
        let (mut types, mut actions, mut asks, mut services) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let mut by_arn: BTreeMap<&str, Vec<u16>> = BTreeMap::new();
        let (mut type_count, mut action_count) = (0, 0);
        for (service_id, service) in text.services.iter().enumerate() {
            pointer(&self.strings, &mut services, service.prefix);
            pointer(&self.strings, &mut services, service.name);
            services.extend(short(action_count, "actions")?.to_le_bytes());
            services.extend(short(type_count, "resource types")?.to_le_bytes());
            let own = service.keys.iter().map(|key| key.name);
            services.extend(self.key_list(service, own)?.to_le_bytes());
            services.push(service.control as u8);
            for resource_type in &service.types {
                pointer(&self.strings, &mut types, resource_type.name);
                pointer(&self.strings, &mut types, resource_type.format);
                types.extend(self.key_list(service, resource_type.keys.iter().copied())?.to_le_bytes());
                types.extend(short(service_id, "services")?.to_le_bytes());
                let part = resource_type.format.split(':').nth(2).unwrap_or_default();
                // A placeholder there stands for any service: such formats are asked about every ARN.
                let part = if part.contains(['$', '*']) { "" } else { part };
                by_arn.entry(part).or_default().push(short(type_count, "resource types")?);
                type_count += 1;
            }
            for action in &service.actions {
                pointer(&self.strings, &mut actions, action.name);
                actions.push(action.levels.iter().fold(0, |levels, level| levels | *level as u8));
                actions.extend(self.key_list(service, action.keys.iter().copied())?.to_le_bytes());
                let dependents = action
                    .dependents
                    .iter()
                    .map(|name| {
                        short(
                            action_ids.get(&name.to_ascii_lowercase()).copied().unwrap_or_default(),
                            "actions",
                        )
                    })
                    .collect::<Result<_, _>>()?;
                actions.extend(self.list(dependents)?.to_le_bytes());
                let mut links = Vec::new();
                for link in &action.links {
                    let index =
                        service.types.iter().position(|known| known.name == link.name).unwrap_or_default();
                    if index >= usize::from(REQUIRED) {
                        return Err(full("resource types of one service"));
                    }
                    let required = if link.required { REQUIRED } else { 0 };
                    links.push(short(index, "resource types")? | required);
                    links.push(self.key_list(service, link.keys.iter().copied())?);
                }
                actions.extend(self.list(links)?.to_le_bytes());
                if let Some(format) = action.asks {
                    asks.extend(short(action_count, "actions")?.to_le_bytes());
                    pointer(&self.strings, &mut asks, format);
                }
                action_count += 1;
            }
        }
        let mut arn_services = Vec::new();
        for (part, ids) in by_arn {
            pointer(&self.strings, &mut arn_services, part);
            arn_services.extend(self.list(ids)?.to_le_bytes());
        }
        let lists = std::mem::take(&mut self.list_bytes);
        assemble(&[
            (Section::Strings, pool),
            (Section::Sources, sources),
            (Section::Principals, principals),
            (Section::Keys, key_records),
            (Section::Patterns, patterns),
            (Section::Lists, lists),
            (Section::Types, types),
            (Section::Actions, actions),
            (Section::Asks, asks),
            (Section::Services, services),
            (Section::ArnServices, arn_services),
        ])
    }

    /// Every string once, in order.
    fn pool(&mut self, text: &Text<'t>) -> Result<Vec<u8>, TextError> {
        let strings = &mut self.strings;
        let mut add = |string: &'t str| {
            strings.insert(string, 0);
        };
        text.sources.iter().flatten().for_each(|field| add(field));
        text.principals.iter().for_each(|name| add(name));
        text.globals.iter().for_each(|key| add(key.name));
        for service in &text.services {
            add(service.prefix);
            add(service.name);
            service.keys.iter().for_each(|key| add(key.name));
            for resource_type in &service.types {
                add(resource_type.name);
                add(resource_type.format);
                let part = resource_type.format.split(':').nth(2).unwrap_or_default();
                add(if part.contains(['$', '*']) { "" } else { part });
            }
            for action in &service.actions {
                add(action.name);
                action.asks.iter().for_each(|format| add(format));
            }
        }
        let mut pool = Vec::new();
        for (string, at) in &mut self.strings {
            *at = pool.len();
            let length = short(string.len(), "characters in one name")?;
            if length < 0x80 {
                pool.extend(length.to_le_bytes().first());
            } else if length < 0x8000 {
                pool.extend((length | 0x8000).to_be_bytes());
            } else {
                return Err(full("characters in one name"));
            }
            pool.extend(string.as_bytes());
        }
        if pool.len() > 0xff_ffff { Err(full("names")) } else { Ok(pool) }
    }

    /// One record for each pair of name and type: a name has two types in one known case.
    fn key_table(&mut self, text: &Text<'t>) -> Result<(Vec<u8>, Vec<u8>), TextError> {
        for key in text.services.iter().flat_map(|service| &service.keys).chain(&text.globals) {
            let row = (key.name.to_ascii_lowercase(), key.kind.byte());
            self.keys.entry(row).or_insert(Row { name: key.name, global: false, index: 0 });
        }
        for key in &text.globals {
            if let Some(row) = self.keys.get_mut(&(key.name.to_ascii_lowercase(), key.kind.byte())) {
                row.global = true;
            }
        }
        let (mut records, mut patterns) = (Vec::new(), Vec::new());
        for (index, ((_, kind), row)) in self.keys.iter_mut().enumerate() {
            row.index = short(index, "condition keys")?;
            if row.name.contains("${") {
                patterns.extend(row.index.to_le_bytes());
            }
            pointer(&self.strings, &mut records, row.name);
            records.push(kind | if row.global { GLOBAL } else { 0 });
        }
        Ok((records, patterns))
    }

    fn key_list<'n>(
        &mut self,
        service: &text::Service<'t>,
        names: impl Iterator<Item = &'n str>,
    ) -> Result<u16, TextError> {
        let mut ids = Vec::new();
        for name in names {
            let own = service.keys.iter().find(|key| key.name.eq_ignore_ascii_case(name));
            let Some(own) = own else { continue };
            let row = self.keys.get(&(own.name.to_ascii_lowercase(), own.kind.byte()));
            ids.extend(row.map(|row| row.index));
        }
        ids.sort_unstable();
        self.list(ids)
    }

    /// Where a list stands, in numbers from the section's beginning.
    fn list(&mut self, numbers: Vec<u16>) -> Result<u16, TextError> {
        if let Some(at) = self.lists.get(&numbers) {
            return short(*at, "lists");
        }
        let at = self.list_bytes.len() / Section::Lists.width();
        self.list_bytes.extend(short(numbers.len(), "items in a list")?.to_le_bytes());
        self.list_bytes.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
        self.lists.insert(numbers, at);
        short(at, "lists")
    }
}

fn pointer(strings: &BTreeMap<&str, usize>, record: &mut Vec<u8>, string: &str) {
    let at = u32::try_from(strings.get(string).copied().unwrap_or_default()).unwrap_or_default();
    record.extend(at.to_le_bytes().iter().take(3));
}

fn assemble(sections: &[(Section, Vec<u8>)]) -> Result<Vec<u8>, TextError> {
    let mut bytes = MAGIC.to_vec();
    let mut at = HEADER;
    for (_, section) in sections {
        bytes.extend(u32::try_from(at).map_err(|_| full("bytes"))?.to_le_bytes());
        at += section.len();
    }
    bytes.extend(u32::try_from(at).map_err(|_| full("bytes"))?.to_le_bytes());
    for (_, section) in sections {
        bytes.extend(section);
    }
    Ok(bytes)
}
