// Four panes of Cornerstone3D: STIR, T1, DWI and the projection as a volume of one slice, scrolled in step.
import { Enums, RenderingEngine, getRenderingEngine, imageLoader, init, setVolumesForViewports, volumeLoader } from "@cornerstonejs/core";
import { cornerstoneNiftiImageLoader, createNiftiImageIdsAndCacheMetadata, init as initNifti } from "@cornerstonejs/nifti-volume-loader";

window.run = async (names) => {
  const begun = performance.now();
  init();
  initNifti();
  imageLoader.registerImageLoader("nifti", cornerstoneNiftiImageLoader);
  const engine = new RenderingEngine("engine");
  const elements = [...document.querySelectorAll(".pane")];
  const drawn = new Map();
  elements.forEach((element, i) => {
    engine.enableElement({
      viewportId: `v${i}`,
      type: Enums.ViewportType.ORTHOGRAPHIC,
      element,
      defaultOptions: { orientation: Enums.OrientationAxis.CORONAL },
    });
  });
  const rendered = (element) => new Promise((resolve) => element.addEventListener(Enums.Events.IMAGE_RENDERED, resolve, { once: true }));
  for (const [i, name] of names.entries()) {
    const imageIds = await createNiftiImageIdsAndCacheMetadata({ url: `${location.origin}/${name}.nii` });
    const volume = await volumeLoader.createAndCacheVolume(name, { imageIds });
    await volume.load();
    await setVolumesForViewports(engine, [{ volumeId: name }], [`v${i}`]);
    const here = rendered(elements[i]);
    engine.renderViewports([`v${i}`]);
    await here;
    drawn.set(i, performance.now() - begun);
  }
  const viewports = elements.map((_, i) => engine.getViewport(`v${i}`));
  window.scrollOnce = async (up) => {
    const all = Promise.all(elements.slice(0, 3).map(rendered));
    for (const viewport of viewports.slice(0, 3)) viewport.scroll(up ? 1 : -1);
    engine.render();
    await all;
  };
  let width = 600;
  window.windowOnce = async (wide) => {
    width *= wide ? 1 / 0.85 : 0.85;
    viewports[0].setProperties({ voiRange: { lower: 0, upper: width } });
    const here = rendered(elements[0]);
    viewports[0].render();
    await here;
  };
  return { first_picture_s: drawn.get(0) / 1000, all_panes_s: Math.max(...drawn.values()) / 1000 };
};
