//! Rows as structs.

/// A struct that is read from a row of either database, each field from the column of its name.
///
/// The same as sqlx's derive, which is left out: what brings it compiles both drivers, and all that they need, a second
/// time, for the compiler itself.
macro_rules! row {
    ($(#[$about:meta])* $seen:vis struct $row:ident { $($(#[$field_about:meta])* $field_seen:vis $field:ident: $column:ty,)+ }) => {
        $(#[$about])*
        $seen struct $row {
            $($(#[$field_about])* $field_seen $field: $column,)+
        }

        impl<'r, R: sqlx::Row> sqlx::FromRow<'r, R> for $row
        where
            &'static str: sqlx::ColumnIndex<R>,
            $($column: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,)+
        {
            fn from_row(row: &'r R) -> sqlx::Result<$row> {
                Ok($row { $($field: row.try_get(stringify!($field))?,)+ })
            }
        }
    };
}

pub(super) use row;
