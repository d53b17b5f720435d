import { openApp } from './open-app.ts';

void openApp();
