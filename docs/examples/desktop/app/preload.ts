import * as electron from 'electron';
import { exposePort } from 'flowstone/electron/preload';

exposePort(electron);
