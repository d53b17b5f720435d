import type { CorpusMachine } from '../driven.ts';
import { actionFeatures } from './action-features.ts';
import { auth } from './auth.ts';
import { checkout } from './checkout.ts';
import { childFeatures } from './child-features.ts';
import { elevator } from './elevator.ts';
import { form } from './form.ts';
import { mediaPlayer } from './media-player.ts';
import { roomBooking } from './room-booking.ts';
import { serviceFeatures } from './service-features.ts';
import { stateFeatures } from './state-features.ts';
import { trafficLight } from './traffic-light.ts';
import { upload } from './upload.ts';
import { wizard } from './wizard.ts';

/** Machines that know nothing of Flowstone: one for each feature, and some of the size people write. */
export const corpus: readonly CorpusMachine[] = [
  ...actionFeatures, ...stateFeatures, ...childFeatures, ...serviceFeatures,
  auth, checkout, elevator, form, mediaPlayer, roomBooking, trafficLight, upload, wizard,
];
