// Four panes of NiiVue with one crosshair: STIR, T1, DWI and the projection as a volume of one slice.
import { Niivue } from "@niivue/niivue";

window.run = async (names) => {
  const begun = performance.now();
  const canvases = [...document.querySelectorAll("canvas")];
  const viewers = [];
  let first = 0;
  for (const [i, name] of names.entries()) {
    const viewer = new Niivue({ show3Dcrosshair: false, backColor: [0, 0, 0, 1] });
    await viewer.attachToCanvas(canvases[i]);
    viewer.setSliceType(viewer.sliceTypeCoronal);
    await viewer.loadVolumes([{ url: `/${name}.nii` }]);
    viewer.drawScene();
    viewer.gl.finish();
    if (!first) first = performance.now() - begun;
    viewers.push(viewer);
  }
  for (const v of viewers) v.broadcastTo(viewers.filter((o) => o !== v), { crosshair: true });
  window.scrollOnce = (up) => {
    viewers[0].moveCrosshairInVox(0, up ? 1 : -1, 0);
    for (const v of viewers) v.gl.finish();
  };
  window.windowOnce = (wide) => {
    const volume = viewers[0].volumes[0];
    volume.cal_max *= wide ? 1 / 0.85 : 0.85;
    viewers[0].updateGLVolume();
    viewers[0].gl.finish();
  };
  return { first_picture_s: first / 1000, all_panes_s: (performance.now() - begun) / 1000 };
};
