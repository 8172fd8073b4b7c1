/** The newest minor of Kubernetes that the program claims to know: each data table was compared with its releases. */
export const NEWEST_MINOR = 37;
