//! Filters of the lab that were kept under a name.

use crate::analytics::lab::SavedFilter;

use super::{Store, StoreError};

impl Store {
    /// Keeps a filter; one of the same name is replaced.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn put_filter(&mut self, filter: &SavedFilter) -> Result<(), StoreError> {
        let built = serde_json::to_string(&filter.filter).unwrap_or_else(|_| "{}".to_owned());
        self.write(|conn, _| {
            conn.prepare_cached(
                "INSERT INTO saved_filter (name, expression, built) VALUES (?1, ?2, ?3)
                 ON CONFLICT (name) DO UPDATE SET expression = ?2, built = ?3",
            )?
            .execute((&filter.name, &filter.expression, &built))?;
            Ok(())
        })
    }

    /// Keeps a filter no more; whether there was one of that name.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn drop_filter(&mut self, name: &str) -> Result<bool, StoreError> {
        self.write(|conn, _| {
            let gone = conn
                .prepare_cached("DELETE FROM saved_filter WHERE name = ?1")?
                .execute([name])?;
            Ok(gone > 0)
        })
    }

    /// Every filter that was kept, by name.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn load_filters(&self) -> Result<Vec<SavedFilter>, StoreError> {
        let mut statement = self
            .conn
            .prepare_cached("SELECT name, expression, built FROM saved_filter ORDER BY name")?;
        let rows = statement.query_map([], |row| {
            let built: String = row.get(2)?;
            Ok(SavedFilter {
                name: row.get(0)?,
                expression: row.get(1)?,
                // What another version built is still read as a condition.
                filter: serde_json::from_str(&built).unwrap_or_default(),
            })
        })?;
        rows.map(|row| Ok(row?)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analytics::lab::{Choices, Dial, Filter};
    use crate::domain::Rules;

    #[test]
    fn a_filter_is_kept_replaced_by_its_name_and_there_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let mut filter = Filter::default();
        filter.turn(&Dial {
            name: "lp_locked".to_owned(),
            choices: Choices::Flag,
            known: 1,
        });
        let saved = |name: &str, expression: &str| SavedFilter {
            name: name.to_owned(),
            expression: expression.to_owned(),
            filter: filter.clone(),
        };
        let mut store = Store::open(&path, Rules::default()).unwrap();
        assert!(store.load_filters().unwrap().is_empty());
        store.put_filter(&saved("b", "x")).unwrap();
        store
            .put_filter(&saved("a'; DROP TABLE call", "y"))
            .unwrap();
        store.put_filter(&saved("b", "lp_locked")).unwrap();
        store.put_filter(&saved("c", "z")).unwrap();
        assert!(store.drop_filter("c").unwrap());
        assert!(!store.drop_filter("c").unwrap(), "it was dropped before");
        drop(store);
        let store = Store::open(&path, Rules::default()).unwrap();
        let want = [saved("a'; DROP TABLE call", "y"), saved("b", "lp_locked")];
        assert_eq!(store.load_filters().unwrap(), want);
    }
}
