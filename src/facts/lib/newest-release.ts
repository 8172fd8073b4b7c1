/** The newest minor of Kubernetes that the program claims to know: each table of data was compared with its releases. */
export const NEWEST_MINOR = 37;
