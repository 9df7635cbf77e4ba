import { expect, test } from "vitest";
import { isVirtualCamera } from "../src/sdk/virtual";

test.each([
  ["OBS Virtual Camera", true],
  ["OBS-Camera", true],
  ["ManyCam Virtual Webcam", true],
  ["XSplit VCam", true],
  ["Snap Camera", true],
  ["mmhmm Camera", true],
  ["vMix Video", true],
  ["Ecamm Live Virtual Camera", true],
  ["Camera (NVIDIA Broadcast)", true],
  ["NewTek NDI Video", true],
  ["DroidCam Source 3", true],
  ["Iriun Webcam", true],
  ["Dummy video device (0x0000)", true],
  ["Elgato Virtual Camera", true],
  ["Integrated Camera (04f2:b6cb)", false],
  ["FaceTime HD Camera", false],
  ["Logitech BRIO", false],
  ["Jobson Webcam", false],
  ["Elgato Facecam MK.2", false],
  ["Cam Link 4K", false],
  ["HD Webcam Observer", false],
  ["", false],
])("%s is virtual: %s", (label, virtual) => {
  expect(isVirtualCamera(label)).toBe(virtual);
});
