//! A table of entities: an arena, found by name without regard to case (VAL-31) and by unique id.

use std::collections::BTreeMap;
use std::sync::Arc;

/// What has a name that is unique in its account and an id that is unique for ever.
pub(crate) trait Entity: Clone {
    type Id: Clone + Ord;

    fn id(&self) -> &Self::Id;
    fn name(&self) -> &str;
}

/// Slots are never reused, so what was deleted is never mistaken for what came after it.
#[derive(Clone, Debug)]
pub(crate) struct Table<T: Entity> {
    slots: Vec<Option<Arc<T>>>,
    names: BTreeMap<Arc<str>, usize>,
    ids: BTreeMap<T::Id, usize>,
}

impl<T: Entity> Default for Table<T> {
    fn default() -> Self {
        Self { slots: Vec::new(), names: BTreeMap::new(), ids: BTreeMap::new() }
    }
}

impl<T: Entity> Table<T> {
    pub(crate) fn len(&self) -> usize {
        self.names.len()
    }

    pub(crate) fn insert(&mut self, entity: T) {
        let slot = self.slots.len();
        self.names.insert(folded(entity.name()), slot);
        self.ids.insert(entity.id().clone(), slot);
        self.slots.push(Some(Arc::new(entity)));
    }

    pub(crate) fn by_name(&self, name: &str) -> Option<&T> {
        self.slot(*self.names.get(&*folded(name))?)
    }

    pub(crate) fn by_id(&self, id: &T::Id) -> Option<&T> {
        self.slot(*self.ids.get(id)?)
    }

    /// Where the entity with an id lies.
    pub(crate) fn slot_of(&self, id: &T::Id) -> Option<usize> {
        self.ids.get(id).copied()
    }

    /// The entity in a slot, if it is still there.
    pub(crate) fn at(&self, slot: usize) -> Option<&T> {
        self.slot(slot)
    }

    pub(crate) fn by_id_mut(&mut self, id: &T::Id) -> Option<&mut T> {
        let slot = *self.ids.get(id)?;
        self.slots.get_mut(slot)?.as_mut().map(Arc::make_mut)
    }

    pub(crate) fn remove(&mut self, id: &T::Id) -> Option<Arc<T>> {
        let entity = self.slots.get_mut(self.ids.remove(id)?)?.take()?;
        self.names.remove(&*folded(entity.name()));
        Some(entity)
    }

    /// Changes an entity in a way that may change its name.
    pub(crate) fn rename(&mut self, id: &T::Id, change: impl FnOnce(&mut T)) {
        let Some(slot) = self.ids.get(id).copied() else { return };
        let Some(entity) = self.slots.get_mut(slot).and_then(Option::as_mut) else { return };
        self.names.remove(&*folded(entity.name()));
        change(Arc::make_mut(entity));
        self.names.insert(folded(entity.name()), slot);
    }

    /// In order of name.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.names.values().filter_map(|slot| self.slot(*slot))
    }

    /// All that `select` picks, for change; the others stay shared.
    pub(crate) fn select_mut(&mut self, select: impl Fn(&T) -> bool) -> impl Iterator<Item = &mut T> {
        self.slots.iter_mut().flatten().filter(move |entity| select(entity)).map(Arc::make_mut)
    }

    fn slot(&self, slot: usize) -> Option<&T> {
        self.slots.get(slot)?.as_deref()
    }
}

fn folded(name: &str) -> Arc<str> {
    name.to_lowercase().into()
}
