//! One lane of every instruction: the reference that the compiler folds with and that engines are held to.
