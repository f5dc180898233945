/** The glossary for hover cards and for its own view. */
import { GLOSSARY } from '../glossary.ts';
import { json, type Route } from './route.ts';

export const WORDS = {
  'GET /glossary': async () => json(GLOSSARY),
} as const satisfies Record<string, Route>;
