import type { CompareDocument } from './compare_report.ts';
export const comparePage = (document: CompareDocument): string => JSON.stringify(document);
