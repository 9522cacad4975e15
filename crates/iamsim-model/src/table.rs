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
///
/// A world that is edited while somebody holds a snapshot of it is copied where it changes: what is found by is
/// shared, so that an edit of one role does not copy the names of all others.
#[derive(Clone, Debug)]
pub(crate) struct Table<T: Entity> {
    slots: Arc<Vec<Option<Arc<T>>>>,
    names: Arc<BTreeMap<Arc<str>, usize>>,
    ids: Arc<BTreeMap<T::Id, usize>>,
}

impl<T: Entity> Default for Table<T> {
    fn default() -> Self {
        Self { slots: Arc::default(), names: Arc::default(), ids: Arc::default() }
    }
}

impl<T: Entity> Table<T> {
    pub(crate) fn len(&self) -> usize {
        self.names.len()
    }

    pub(crate) fn insert(&mut self, entity: T) {
        let slot = self.slots.len();
        Arc::make_mut(&mut self.names).insert(folded(entity.name()), slot);
        Arc::make_mut(&mut self.ids).insert(entity.id().clone(), slot);
        Arc::make_mut(&mut self.slots).push(Some(Arc::new(entity)));
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
        Arc::make_mut(&mut self.slots).get_mut(slot)?.as_mut().map(Arc::make_mut)
    }

    pub(crate) fn remove(&mut self, id: &T::Id) -> Option<Arc<T>> {
        let slot = Arc::make_mut(&mut self.ids).remove(id)?;
        let entity = Arc::make_mut(&mut self.slots).get_mut(slot)?.take()?;
        Arc::make_mut(&mut self.names).remove(&*folded(entity.name()));
        Some(entity)
    }

    /// Changes an entity in a way that may change its name.
    pub(crate) fn rename(&mut self, id: &T::Id, change: impl FnOnce(&mut T)) {
        let Some(slot) = self.ids.get(id).copied() else { return };
        let slots = Arc::make_mut(&mut self.slots);
        let Some(entity) = slots.get_mut(slot).and_then(Option::as_mut) else { return };
        let names = Arc::make_mut(&mut self.names);
        names.remove(&*folded(entity.name()));
        change(Arc::make_mut(entity));
        names.insert(folded(entity.name()), slot);
    }

    /// In order of name.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.names.values().filter_map(|slot| self.slot(*slot))
    }

    /// All that `select` picks, for change; the others stay shared.
    pub(crate) fn select_mut(&mut self, select: impl Fn(&T) -> bool) -> impl Iterator<Item = &mut T> {
        Arc::make_mut(&mut self.slots)
            .iter_mut()
            .flatten()
            .filter(move |entity| select(entity))
            .map(Arc::make_mut)
    }

    fn slot(&self, slot: usize) -> Option<&T> {
        self.slots.get(slot)?.as_deref()
    }
}

fn folded(name: &str) -> Arc<str> {
    name.to_lowercase().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Debug, PartialEq)]
    struct Thing(u32, &'static str);

    impl Entity for Thing {
        type Id = u32;

        fn id(&self) -> &u32 {
            &self.0
        }

        fn name(&self) -> &str {
            self.1
        }
    }

    #[test]
    fn an_edit_copies_what_changes_and_nothing_else() {
        let mut table = Table::default();
        table.insert(Thing(1, "One"));
        table.insert(Thing(2, "two"));
        let before = table.clone();
        table.by_id_mut(&1).unwrap().1 = "ONE";
        assert!(Arc::ptr_eq(&before.names, &table.names) && Arc::ptr_eq(&before.ids, &table.ids));
        assert!(std::ptr::eq(before.by_id(&2).unwrap(), table.by_id(&2).unwrap()));
        assert_eq!(before.by_id(&1), Some(&Thing(1, "One")), "a snapshot stays as it was");
        table.rename(&2, |thing| thing.1 = "deux");
        table.remove(&1);
        assert_eq!((table.by_name("two"), table.by_name("one"), table.len()), (None, None, 1));
        assert_eq!(table.by_name("DEUX"), Some(&Thing(2, "deux")));
        assert_eq!(before.iter().map(|thing| thing.0).collect::<Vec<_>>(), [1, 2]);
    }
}
