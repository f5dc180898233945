/** The page: top bar, the open view, and the strip below. Each view is one row of a table. */
import { type JSX, render } from 'preact';
import { Keys, TopBar } from './bar.tsx';
import { BreakView } from './break.tsx';
import { CardView } from './card-view.tsx';
import { CertificatesView } from './certificates.tsx';
import { Compare } from './compare.tsx';
import { GlossaryView } from './glossary.tsx';
import { HistoryView } from './history.tsx';
import { useKeys } from './keys.ts';
import { Legend } from './legend.tsx';
import { ConnectionList } from './list.tsx';
import { ClusterMap } from './map.tsx';
import { Slide } from './slide.tsx';
import { Stage } from './stage.tsx';
import { Step } from './step.tsx';
import { follow, freeze, type State, update } from './store.ts';
import { Strip } from './strip.tsx';
import { TimeView } from './time.tsx';
import { TourView } from './tour.tsx';

/** One view: its address is `#/VIEW` or `#/VIEW/REST`. */
interface View {
  readonly view: string;
  /** In the bar; null: reached otherwise. */
  readonly title: string | null;
  /** `beside` the map, `above` it, or `alone`. */
  readonly place: 'beside' | 'above' | 'alone';
  readonly draw: (state: State) => JSX.Element;
}

const VIEWS: readonly View[] = [
  { view: '', title: 'Map', place: 'beside', draw: (state) => <ConnectionList state={state} /> },
  {
    view: 'connection',
    title: null,
    place: 'beside',
    draw: (state) => <CardView state={state} />,
  },
  { view: 'trace', title: null, place: 'beside', draw: (state) => <CardView state={state} /> },
  { view: 'compare', title: null, place: 'alone', draw: (state) => <Compare state={state} /> },
  { view: 'step', title: null, place: 'beside', draw: (state) => <Step state={state} /> },
  {
    view: 'certificates',
    title: 'Certificates',
    place: 'alone',
    draw: (state) => <CertificatesView state={state} />,
  },
  { view: 'break', title: 'Break', place: 'beside', draw: (state) => <BreakView state={state} /> },
  { view: 'time', title: 'Time', place: 'beside', draw: (state) => <TimeView state={state} /> },
  { view: 'history', title: 'History', place: 'alone', draw: (state) => <HistoryView state={state} /> },
  { view: 'glossary', title: 'Words', place: 'alone', draw: (state) => <GlossaryView state={state} /> },
  { view: 'tour', title: 'Tour', place: 'beside', draw: (state) => <TourView state={state} /> },
  { view: 'workers', title: null, place: 'beside', draw: (state) => <ConnectionList state={state} /> },
];

const LINKS = VIEWS.flatMap(({ view, title }) => (title === null ? [] : [{ view, title }]));

function Page({ state }: { state: State }): JSX.Element {
  useKeys({
    l: () => update({ presenting: !state.presenting }),
    f: freeze,
    Escape: () => {
      if (state.presenting && state.place.view === '') update({ presenting: false });
      else location.hash = '#/';
    },
  });
  const open = VIEWS.find(({ view }) => view === state.place.view) ?? VIEWS[0];
  if (!open) return <main />;
  const isStory = open.view === 'connection' || open.view === 'trace';
  const isStage = state.presenting && open.view === '';
  const classes = [open.place, state.presenting ? 'presenting' : '', state.frozen ? 'still' : ''];
  return (
    <div class={`page ${classes.filter(Boolean).join(' ')}`}>
      <TopBar state={state} links={LINKS} />
      <main>
        {isStage && <Stage state={state} />}
        {open.place !== 'alone' && !state.presenting && (
          <section class="picture" aria-label="Map">
            <ClusterMap state={state} />
            <div class="below-map">
              <Legend />
              <Keys state={state} />
            </div>
          </section>
        )}
        {!isStage && (
          <aside aria-label={open.title ?? 'Details'}>
            {state.presenting && isStory ? <Slide state={state} /> : open.draw(state)}
          </aside>
        )}
      </main>
      {!(state.presenting && (isStage || isStory)) && <Strip state={state} />}
    </div>
  );
}

const root = document.getElementById('page');
if (root) follow((state) => render(<Page state={state} />, root));
