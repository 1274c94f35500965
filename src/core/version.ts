// The version of this package, as package.json has it (a test compares them): part of what a bug report needs.
export const version = '0.0.0';
