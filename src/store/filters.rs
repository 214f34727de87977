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
