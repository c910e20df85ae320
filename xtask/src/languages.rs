//! The languages, one module each.

pub(crate) mod cpp {
    pub(crate) mod generate;
}
pub(crate) mod csharp {
    pub(crate) mod generate;
}
pub(crate) mod go {
    pub(crate) mod generate;
}
pub(crate) mod java {
    pub(crate) mod generate;
}
pub(crate) mod node {
    pub(crate) mod generate;
}
pub(crate) mod python {
    pub(crate) mod generate;
}
